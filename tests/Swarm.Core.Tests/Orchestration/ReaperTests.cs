using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;

namespace Swarm.Core.Tests.Orchestration;

public class ReaperTests
{
    private static void FailAndRestart(TestSwarm swarm, int times)
    {
        for (var i = 0; i < times; i++)
        {
            swarm.Advance(TimeSpan.FromMinutes(2));
            swarm.Fail(swarm.Slot("web", 1));
            swarm.Converge();
            swarm.Advance(TimeSpan.FromSeconds(5));
            Assert.Single(swarm.Running("web"));
        }
    }

    [Fact]
    public void A_slot_keeps_five_tasks_the_running_one_included_and_the_youngest()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web"));
        swarm.Converge();

        FailAndRestart(swarm, 8);

        Assert.Equal([4u, 5u, 6u, 7u, 8u], swarm.Tasks("web").Select(t => t.RestartCount));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(-1, 7)]
    public void The_limit_is_the_clusters_and_a_negative_one_keeps_all(int limit, int kept)
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.SetHistoryLimit(limit);
        swarm.Create(TestSwarm.Spec("web"));
        swarm.Converge();

        FailAndRestart(swarm, 6);

        Assert.Equal(kept, swarm.Tasks("web").Count);
    }

    [Fact]
    public void A_smaller_limit_takes_effect_at_once()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.Create(TestSwarm.Spec("web"));
        swarm.Converge();
        FailAndRestart(swarm, 6);

        swarm.SetHistoryLimit(2);
        swarm.Converge();

        Assert.Equal([5u, 6u], swarm.Tasks("web").Select(t => t.RestartCount));
    }

    [Fact]
    public void The_last_task_of_a_finished_slot_is_kept_even_without_history()
    {
        var swarm = new TestSwarm(nodes: 1);
        swarm.SetHistoryLimit(0);
        swarm.Create(TestSwarm.Spec("web") with { Restart = RestartPolicy.Default with { Condition = RestartCondition.None } });
        swarm.Converge();

        swarm.Observe(swarm.Slot("web", 1), TaskState.Complete);
        swarm.Converge();

        Assert.Equal(TaskState.Complete, Assert.Single(swarm.Tasks("web")).Status.State);
        Assert.False(swarm.Loop.HasWork);
    }

    [Fact]
    public void Old_revisions_go_but_none_that_a_task_or_a_rollback_needs()
    {
        var swarm = new TestSwarm(nodes: 1, options: new ControlLoopOptions { RevisionsKept = 3 });
        swarm.SetHistoryLimit(2);
        var service = swarm.Create(TestSwarm.Spec("web"));
        swarm.Converge();

        for (var i = 2; i <= 8; i++)
        {
            swarm.SetImage("web", $"redis:{i}");
            swarm.Converge();
            swarm.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal([6ul, 7ul, 8ul], swarm.State.RevisionsOf(service.Id).Select(r => r.Number));
        Assert.Equal([7ul, 8ul], swarm.Tasks("web").Select(t => t.Revision));

        // A slot that waits for its node keeps the task of revision 7 in its history, whatever comes after it.
        swarm.SetHistoryLimit(5);
        swarm.SetState("node1", NodeState.Down);
        swarm.Converge();
        for (var i = 9; i <= 12; i++)
        {
            swarm.SetImage("web", $"redis:{i}");
            swarm.Settle();
        }
        Assert.Equal([7ul, 8ul], swarm.Tasks("web").Select(t => t.Revision));
        Assert.Equal([7ul, 8ul, 11ul, 12ul], swarm.State.RevisionsOf(service.Id).Select(r => r.Number));
    }
}
