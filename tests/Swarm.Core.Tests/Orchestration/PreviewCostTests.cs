using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Orchestration;

/// <summary>A preview costs what the change touches: tasks of others are counted, and neither copied nor noted one by one.</summary>
public sealed class PreviewCostTests
{
    private static readonly Dictionary<string, Func<TestSwarm, IReadOnlyList<PlannedAction>>> Plans = new()
    {
        ["create"] = static s => ServicePlanner.PreviewCreate(s.State, TestSwarm.Spec("db", 2), s.Now),
        ["scale"] = static s =>
            ServicePlanner.PreviewUpdate(s.State, s["web"], s["web"].Spec with { Mode = new ServiceMode.Replicated(4) }, s.Now),
        ["update"] = static s => ServicePlanner.PreviewUpdate(s.State, s["web"], TestSwarm.Spec("web", 2, "redis:2"), s.Now),
        ["remove"] = static s => ServicePlanner.PreviewRemove(s.State, s["web"].Id, s.Now),
        ["stop"] = static s => ServicePlanner.PreviewStop(s.State, s.Slot("web", 1).Id, s.Now),
        ["drain"] = static s => ServicePlanner.PreviewNode(s.State, "node1", NodeAvailability.Drain, s.Now),
    };

    public static TheoryData<string> Previews => [.. Plans.Keys];

    [Theory]
    [MemberData(nameof(Previews))]
    public void Its_bytes_do_not_grow_with_the_tasks_of_others(string preview)
    {
        var few = BytesOf(preview, 200);
        var many = BytesOf(preview, 20_000);
        // Allocation is counted in steps of a few kilobytes. The bound is less than a byte for each task.
        Assert.InRange(many - few, -16_384, 16_384);
    }

    [Theory]
    [MemberData(nameof(Previews))]
    public void It_changes_nothing(string preview)
    {
        var swarm = With(200);
        var (before, index) = (swarm.State.Capture(), swarm.State.Index);
        Assert.NotEmpty(Plans[preview](swarm));
        var after = swarm.State.Capture();
        Assert.Equal(index, swarm.State.Index);
        Assert.Equal(before.Tasks, after.Tasks);
        Assert.Equal(before.Services, after.Services);
        Assert.Equal(before.Nodes, after.Nodes);
        Assert.Equal(before.Revisions, after.Revisions);
    }

    private static long BytesOf(string preview, int others)
    {
        var swarm = With(others);
        // Once for the code that is compiled and for what is kept between calls.
        Assert.NotEmpty(Plans[preview](swarm));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Plans[preview](swarm);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>A service of two tasks on two nodes, and a large one that reserves and runs on a third.</summary>
    private static TestSwarm With(int others)
    {
        var swarm = new TestSwarm(2);
        swarm.Create(TestSwarm.Spec("web", 2));
        swarm.Converge();
        swarm.AddNode("big", cpus: 1_000_000, memory: 1L << 50);
        var spec = TestSwarm.Spec("others", (ulong)others) with
        {
            Resources = new ResourceRequirements { Reservations = new ResourceAmount(1, 1) },
        };
        swarm.Apply(ServiceChanges.Create("others", spec, null, swarm.Now));
        swarm.Apply([
            .. Enumerable
                .Range(1, others)
                .Select(slot => new StateChange.TaskCreate(
                    new SwarmTask
                    {
                        Id = $"other{slot}",
                        ServiceId = "others",
                        Revision = 1,
                        Slot = (uint)slot,
                        NodeId = "big",
                        DesiredState = TaskState.Running,
                        Status = new TaskStatus { State = TaskState.Running, Timestamp = swarm.Now },
                        CreatedAt = swarm.Now,
                    }
                )),
        ]);
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        return swarm;
    }
}
