using Swarm.Core.Model;

namespace Swarm.Core.Tests.Orchestration;

public class StartFirstTests
{
    /// <summary>The new task is a restart with a delay, so that the update does not wait for it.</summary>
    [Fact]
    public void The_old_task_ends_when_the_new_one_runs_also_after_the_update()
    {
        var config = UpdateScene.AtOnce with { Order = UpdateOrder.StartFirst, FailureAction = FailureAction.Continue };
        var swarm = UpdateScene.Running(1, config);
        var old = Assert.Single(swarm.Running("web"));
        swarm.SetImage("web", "missing:1");
        swarm.Settle();
        swarm.Observe(Newest(swarm), TaskState.Rejected, "No such image: missing:1");
        swarm.Settle();
        // Its restart is rejected before its turn, and its turn comes with the next update.
        swarm.Observe(Newest(swarm), TaskState.Rejected, "No such image: missing:1");
        swarm.Settle();
        swarm.Time.Advance(TimeSpan.FromSeconds(5));
        swarm.SetImage("web", "redis:3");
        swarm.Converge();
        Assert.Equal([old.Id, Newest(swarm).Id], swarm.Active("web").Select(t => t.Id));

        swarm.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(UpdateState.Completed, UpdateScene.Status(swarm).State);
        swarm.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(3ul, Assert.Single(swarm.Active("web")).Revision);
        Assert.Equal(TaskState.Shutdown, swarm.Task(old.Id).Status.State);
    }

    private static SwarmTask Newest(TestSwarm swarm) => swarm.Active("web")[^1];
}
