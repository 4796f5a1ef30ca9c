using Swarm.Agent;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Manager.Dispatcher.Sending;
using Swarm.Wire.Limits;
using TaskStatus = Swarm.Core.Model.TaskStatus;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

/// <summary>A revision goes to a node once, however many of its tasks the node has. Both sides of the session keep the same book.</summary>
public sealed class AssignmentRevisionTests
{
    private const string NodeId = "n1";
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ClusterState _state = new();
    private readonly Assignments _assignments = new(NodeId);
    private readonly SessionRevisions _agent = new();
    private ulong _index;

    public AssignmentRevisionTests()
    {
        _state.Changed += change =>
        {
            if (change is ChangedObject.OfTask task)
            {
                _assignments.Mark((task.After ?? task.Before)!.Id);
            }
        };
    }

    [Fact]
    public void A_complete_set_carries_a_revision_once_for_all_its_tasks()
    {
        var spec = Create("s1", 'x');
        Add("s1", 1, 1, 100);
        var set = Next();
        Assert.Equal((100, 1), (set.Update.Count, set.Revisions.Count));
        Assert.Equal(("s1", 1UL, "web-s1"), (set.Revisions[0].ServiceId, set.Revisions[0].Number, set.Revisions[0].Spec.Name));
        Assert.InRange(set.CalculateSize(), spec, spec + (100 * 200));
        Assert.Null(_agent.Resolve(set));
        // All tasks share the object.
        Assert.Single(set.Update.Select(static t => t.Spec).Distinct(ReferenceEqualityComparer.Instance));
    }

    [Fact]
    public void Later_tasks_and_changes_of_a_known_revision_carry_no_spec()
    {
        var spec = Create("s1", 'x');
        Add("s1", 1, 1, 1);
        Follow(Next());
        Add("s1", 1, 2, 3);
        Apply(new StateChange.TaskDesire("s1t1", TaskState.Shutdown));
        var set = Next();
        Assert.Equal((3, 0), (set.Update.Count, set.Revisions.Count));
        Assert.InRange(set.CalculateSize(), 1, spec);
        Follow(set);
    }

    [Fact]
    public void A_new_revision_is_sent_once_beside_the_old_one()
    {
        Create("s1", 'x');
        Create("s2", 'y');
        Add("s1", 1, 1, 2);
        Add("s2", 1, 1, 2);
        Assert.Equal(2, Follow(Next()).Revisions.Count);
        Update("s1", 'z');
        Add("s1", 2, 3, 4);
        var set = Follow(Next());
        Assert.Equal(("s1", 2UL), (Assert.Single(set.Revisions).ServiceId, set.Revisions[0].Number));
        Assert.Equal(3, _agent.Count);
    }

    [Fact]
    public void A_revision_without_tasks_is_dropped_by_both_and_sent_again_with_the_next_task()
    {
        Create("s1", 'x');
        Add("s1", 1, 1, 2);
        Follow(Next());
        Apply(new StateChange.TaskRemove("s1t1"));
        Follow(Next());
        Assert.Equal(1, _agent.Count);
        Add("s1", 1, 3, 3);
        Assert.Empty(Follow(Next()).Revisions);
        Apply(new StateChange.TaskRemove("s1t2"), new StateChange.TaskRemove("s1t3"));
        Follow(Next());
        Assert.Equal(0, _agent.Count);
        Add("s1", 1, 4, 5);
        Assert.Single(Follow(Next()).Revisions);
    }

    /// <summary>Sets take tasks in the order of their ids: the last one of a revision may go before, or after, the next one comes.</summary>
    [Theory]
    [InlineData("s1t1", 2)]
    [InlineData("s1t3", 2)]
    public void The_last_task_of_a_revision_may_go_in_the_set_that_brings_the_next(string first, uint second)
    {
        Create("s1", 'x');
        Add("s1", 1, uint.Parse(first[3..], System.Globalization.CultureInfo.InvariantCulture), 3);
        Follow(Next());
        Apply([.. _state.Tasks.Select(static t => new StateChange.TaskRemove(t.Id))]);
        Add("s1", 1, second, second);
        Follow(Next());
        Assert.Equal(1, _agent.Count);
        Add("s1", 1, 7, 7);
        Follow(Next());
    }

    [Fact]
    public void A_complete_set_starts_afresh()
    {
        Create("s1", 'x');
        Add("s1", 1, 1, 2);
        Follow(Next());
        _assignments.MarkAll();
        var set = Follow(Next());
        Assert.Equal((V1.AssignmentSet.Types.Kind.Complete, 2, 1), (set.Kind, set.Update.Count, set.Revisions.Count));
    }

    [Fact]
    public void A_set_that_is_divided_carries_a_revision_with_its_first_task_only()
    {
        Follow(Next());
        // Each spec is larger than a quarter of a set.
        for (var service = 1; service <= 8; service++)
        {
            Create($"s{service}", 'x', 300_000);
            Add($"s{service}", 1, 1, 2);
        }
        var sets = new List<V1.AssignmentSet>();
        bool more;
        do
        {
            sets.Add(Follow(_assignments.Next(_state, out more)!));
        } while (more);
        Assert.True(sets.Count > 1);
        Assert.All(sets, static set => Assert.InRange(set.CalculateSize(), 1, 2 * 1024 * 1024));
        Assert.Equal(8, sets.Sum(static set => set.Revisions.Count));
        Assert.Equal(16, sets.Sum(static set => set.Update.Count));
    }

    [Fact]
    public void A_complete_set_is_divided_for_an_agent_that_takes_parts()
    {
        var assignments = new Assignments(NodeId) { TakesParts = true };
        Create("s1", 'x');
        Add("s1", 1, 1, 20_000);
        var first = assignments.Next(_state, out var more)!;
        Assert.True(more && first.More);
        Assert.Equal(V1.AssignmentSet.Types.Kind.Complete, first.Kind);
        // Between two parts the tasks change: one that was told, one that was not, and one that is new.
        var (told, untold) = (first.Update[0].TaskId, _state.Tasks.Select(static t => t.Id).Max(StringComparer.Ordinal)!);
        Apply(new StateChange.TaskRemove(told), new StateChange.TaskRemove(untold));
        Add("s1", 1, 20_001, 20_001);
        foreach (var id in (string[])[told, untold, "s1t20001"])
        {
            assignments.Mark(id);
        }
        List<V1.AssignmentSet> sets = [first];
        while (more)
        {
            sets.Add(assignments.Next(_state, out more)!);
        }
        Assert.InRange(sets.Count, 2, 10);
        Assert.All(sets, static set => Assert.InRange(set.CalculateSize(), 1, SessionParts.AssignmentBytes * 5 / 4));
        Assert.All(sets.SkipLast(1), static set => Assert.True(set.More));
        Assert.False(sets[^1].More);
        Assert.All(sets.Skip(1), static set => Assert.Equal(V1.AssignmentSet.Types.Kind.Incremental, set.Kind));
        Assert.Equal(sets.SkipLast(1).Select(static set => set.ResultsIn), sets.Skip(1).Select(static set => set.AppliesTo));
        Assert.Single(sets.SelectMany(static set => set.Revisions));
        Assert.All(sets, set => Assert.Null(_agent.Resolve(set)));
        Assert.Equal(19_999, sets.Sum(static set => set.Update.Count));
        Assert.DoesNotContain(sets, set => set.Update.Any(u => u.TaskId == untold));

        var change = assignments.Next(_state, out more)!;
        Assert.False(more || change.More);
        Assert.Equal([told], change.Remove);
        Assert.Equal(["s1t20001"], change.Update.Select(static u => u.TaskId));
    }

    [Fact]
    public void A_complete_set_begins_anew_in_the_middle_of_its_parts()
    {
        var assignments = new Assignments(NodeId) { TakesParts = true };
        Create("s1", 'x');
        Add("s1", 1, 1, 20_000);
        Assert.True(assignments.Next(_state, out _)!.More);
        assignments.MarkAll();
        var ids = new List<string>();
        var kinds = new List<V1.AssignmentSet.Types.Kind>();
        bool more;
        do
        {
            var set = assignments.Next(_state, out more)!;
            ids.AddRange(set.Update.Select(static u => u.TaskId));
            kinds.Add(set.Kind);
        } while (more);
        Assert.Equal(V1.AssignmentSet.Types.Kind.Complete, kinds[0]);
        Assert.Equal(20_000, ids.Distinct().Count());
    }

    /// <summary>An earlier agent would take the first part for the whole, and stop the others' tasks.</summary>
    [Fact]
    public void An_earlier_agent_gets_a_complete_set_whole()
    {
        Create("s1", 'x');
        Add("s1", 1, 1, 20_000);
        var set = Next();
        Assert.Equal((20_000, false), (set.Update.Count, set.More));
    }

    [Fact]
    public void A_revision_is_sent_again_when_the_labels_of_its_service_change_and_earlier_tasks_keep_theirs()
    {
        Create("s1", 'x');
        Add("s1", 1, 1, 2);
        Follow(Next());
        var service = _state.FindService("s1")!;
        var labelled = service.Spec with { Labels = ValueMap.Empty.With("tier", "front") };
        Apply(new StateChange.ServiceSpecSet("s1", labelled, 1, null, null, Now));
        Apply(new StateChange.TaskDesire("s1t1", TaskState.Shutdown));
        Add("s1", 1, 3, 4);

        var set = Next();

        Assert.Equal("front", Assert.Single(set.Revisions).Spec.Labels["tier"]);
        Assert.Null(_agent.Resolve(set));
        Assert.Equal("front", Assert.Single(set.Update, t => t.TaskId == "s1t3").Spec.Labels["tier"]);
        Add("s1", 1, 5, 5);
        Assert.Empty(Follow(Next()).Revisions);
        Assert.Equal(1, _agent.Count);
    }

    private V1.AssignmentSet Next()
    {
        var set = _assignments.Next(_state, out var more);
        Assert.False(more);
        return set!;
    }

    /// <summary>As the agent: it must know every revision that the set refers to.</summary>
    private V1.AssignmentSet Follow(V1.AssignmentSet set)
    {
        var sent = set.Clone();
        Assert.Null(_agent.Resolve(set));
        return sent;
    }

    private void Apply(params StateChange[] changes) => _state.Apply(changes, ++_index);

    /// <returns>The bytes of the spec.</returns>
    private int Create(string id, char filling, int bytes = 20_000)
    {
        var spec = Spec(id, filling, bytes);
        Apply(
            new StateChange.ServiceCreate(
                new Service
                {
                    Id = id,
                    Version = 1,
                    CreatedAt = Now,
                    UpdatedAt = Now,
                    Spec = spec,
                    Revision = 1,
                },
                null
            )
        );
        return bytes;
    }

    private void Update(string id, char filling) =>
        Apply(new StateChange.ServiceSpecSet(id, Spec(id, filling, 20_000), 2, null, null, Now));

    private static ServiceSpec Spec(string id, char filling, int bytes) =>
        new()
        {
            Name = "web-" + id,
            Mode = new ServiceMode.Replicated(1),
            Container = new ContainerSpec { Image = "alpine", Env = new ValueList<string>(["A=" + new string(filling, bytes)]) },
        };

    private void Add(string serviceId, ulong revision, uint first, uint last) =>
        Apply([
            .. Enumerable
                .Range((int)first, (int)(last - first + 1))
                .Select(slot => new StateChange.TaskCreate(
                    new SwarmTask
                    {
                        Id = $"{serviceId}t{slot}",
                        ServiceId = serviceId,
                        Revision = revision,
                        Slot = (uint)slot,
                        NodeId = NodeId,
                        DesiredState = TaskState.Running,
                        Status = new TaskStatus { State = TaskState.Assigned, Timestamp = Now },
                        CreatedAt = Now,
                    }
                )),
        ]);
}
