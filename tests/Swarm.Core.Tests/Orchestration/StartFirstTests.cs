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

    /// <summary>Both tasks of the slot have to move in one plan: one node is drained while the other one is lost.</summary>
    [Fact]
    public void A_replacement_waits_for_the_old_task_that_is_stopped_in_the_same_plan()
    {
        var swarm = UpdateScene.Running(1, UpdateScene.AtOnce with { Order = UpdateOrder.StartFirst });
        var old = Assert.Single(swarm.Running("web"));
        swarm.SetImage("web", "redis:2");
        swarm.Settle();
        var lost = Newest(swarm);
        Assert.NotEqual(old.NodeId, lost.NodeId);

        swarm.SetAvailability(old.NodeId!, NodeAvailability.Drain);
        swarm.SetState(lost.NodeId!, NodeState.Down);
        swarm.Converge(t => t.Id != old.Id);
        var next = Assert.Single(swarm.Active("web"));
        Assert.Equal((TaskState.Ready, TaskState.Ready), (next.DesiredState, next.Status.State));

        swarm.Converge();
        Assert.Equal(next.Id, Assert.Single(swarm.Running("web")).Id);
    }

    private static SwarmTask Newest(TestSwarm swarm) => swarm.Active("web")[^1];
}
