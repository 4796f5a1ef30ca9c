using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Scheduling;

/// <summary>Random histories of small swarms: every decision must be the one that <see cref="NaiveScheduler"/> makes, and none may be missing.</summary>
public sealed class SchedulerPropertyTests
{
    private const int Histories = 100;
    private const int Steps = 60;

    [Fact]
    public void Every_decision_is_the_naive_one()
    {
        for (var seed = 1; seed <= Histories; seed++)
        {
            try
            {
                new History(seed).Run();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public void Equal_seeds_give_equal_decisions()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            Assert.Equal(new History(seed).Run(), new History(seed).Run());
        }
    }

    private sealed class History(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly SwarmFixture _swarm = new();
        private readonly List<StateChange> _all = [];
        private NaiveScheduler _naive = null!;
        private int _nodes;
        private int _services;
        private uint _slots;

        public List<StateChange> Run()
        {
            _naive = new NaiveScheduler(_swarm.State);
            _swarm.State.Changed += RecordFailure;
            for (var i = 0; i < Steps; i++)
            {
                for (var changes = _random.Next(1, 5); changes > 0; changes--)
                {
                    ChangeSomething();
                }
                CheckRound();
            }
            return _all;
        }

        private void RecordFailure(ChangedObject change)
        {
            if (
                change is ChangedObject.OfTask { Before: { } before, After: { NodeId: { } nodeId, Slot: > 0 } after }
                && after.Status.State is TaskState.Failed or TaskState.Rejected
                && before.Status.State != after.Status.State
            )
            {
                _naive.Failures.Add((after.ServiceId, after.Revision, nodeId, after.Status.Timestamp));
            }
        }

        private void CheckRound()
        {
            var limit = _random.Next(4) == 0 ? _random.Next(1, 4) : int.MaxValue;
            var output = _swarm.Schedule(apply: false, limit);
            Assert.True(output.Count <= limit);
            _naive.Decided.Clear();
            foreach (var change in output)
            {
                Check(change);
            }
            if (!limit.Equals(int.MaxValue))
            {
                // The next round must return the rest; that round is checked in full.
                _swarm.Apply(output);
                _all.AddRange(output);
                CheckRound();
                return;
            }
            CheckNothingIsMissing(output);
            _all.AddRange(output);
            // Now and then the batch, or its end, is lost.
            var applied = _random.Next(6) == 0 ? _random.Next(output.Count + 1) : output.Count;
            _swarm.Apply(output[..applied]);
            _naive.Decided.Clear();
            Assert.Equal(output.Skip(applied).Any(c => c is StateChange.TaskAssign), _swarm.Scheduler.HasWork);
        }

        private void Check(StateChange change)
        {
            if (change is StateChange.TaskAssign assign)
            {
                var task = _swarm.State.FindTask(assign.TaskId)!;
                Assert.Equal(_naive.Choose(task, _swarm.Now), assign.NodeId);
                _naive.Decided.Add((task, assign.NodeId));
                return;
            }
            var pending = Assert.IsType<StateChange.TaskPendingSet>(change);
            var refused = _swarm.State.FindTask(pending.TaskId)!;
            Assert.Null(_naive.Choose(refused, _swarm.Now));
            Assert.Equal(_naive.Reasons(refused), pending.Reasons!.Reasons.Select(r => (r.Filter, r.Nodes)));
            Assert.NotEqual(refused.Pending, pending.Reasons);
        }

        private void CheckNothingIsMissing(List<StateChange> output)
        {
            var decided = output.OfType<StateChange.TaskAssign>().Select(a => a.TaskId).ToHashSet();
            foreach (var task in _swarm.State.Tasks)
            {
                if (task.Status.State <= TaskState.Pending && task.DesiredState <= TaskState.Running && !decided.Contains(task.Id))
                {
                    Assert.Null(_naive.Choose(task, _swarm.Now));
                }
            }
        }

        private void ChangeSomething()
        {
            switch (_random.Next(14))
            {
                case 0 or 1:
                    AddNode();
                    break;
                case 2:
                    ChangeNode();
                    break;
                case 3:
                    AddService();
                    break;
                case 4:
                    ReviseService();
                    break;
                case 5 or 6 or 7:
                    AddTasks();
                    break;
                case 8 or 9 or 10:
                    AdvanceTask();
                    break;
                case 11:
                    RemoveSomething();
                    break;
                case 12:
                    _swarm.Now += TimeSpan.FromSeconds(_random.Next(100));
                    break;
                default:
                    AddGlobalTask();
                    break;
            }
        }

        private void AddNode()
        {
            if (_swarm.State.Nodes.Count < 8)
            {
                _swarm.AddNode(
                    $"n{(_nodes++ * 37) % 100}-{_nodes}",
                    _random.Next(4) == 0 ? NodeState.Down : NodeState.Ready,
                    nanoCpus: _random.Next(1, 6),
                    memoryBytes: _random.Next(1, 6),
                    labels: Labels(),
                    plugins: Pick("", "Volume/x", "Volume/y")
                );
            }
        }

        private void ChangeNode()
        {
            if (Pick(_swarm.State.Nodes) is not { } node)
            {
                return;
            }
            switch (_random.Next(4))
            {
                case 0:
                    _swarm.SetNode(node.Id, state: Pick(NodeState.Ready, NodeState.Ready, NodeState.Down, NodeState.Disconnected));
                    break;
                case 1:
                    _swarm.SetNode(node.Id, availability: Pick(NodeAvailability.Active, NodeAvailability.Pause, NodeAvailability.Drain));
                    break;
                case 2:
                    _swarm.SetNode(node.Id, labels: Labels());
                    break;
                default:
                    var resources = new ResourceAmount(_random.Next(6), _random.Next(6));
                    _swarm.Apply(new StateChange.NodeDescriptionSet(node.Id, node.Description with { Resources = resources }, _swarm.Now));
                    break;
            }
        }

        private ServiceSpec Spec(string name) =>
            SwarmFixture.Spec(
                name,
                Pick<string[]>(
                    [],
                    [],
                    ["node.labels.zone==east"],
                    ["node.labels.zone!=east"],
                    ["node.labels.zone==west", "node.labels.rack!=1"]
                ),
                Pick<string[]>([], [], ["node.labels.zone"], ["node.labels.zone", "node.labels.rack"]),
                Pick(0UL, 0UL, 1UL, 2UL),
                Pick(0, 0, 1, 2),
                Pick(0, 0, 1, 3),
                Pick("", "", "", "x"),
                ports: Pick<PublishedPort[]>(
                    [],
                    [],
                    [],
                    [SwarmFixture.HostPort(80)],
                    [SwarmFixture.HostPort(80), SwarmFixture.HostPort(81)],
                    [SwarmFixture.HostPort(0)]
                )
            );

        private void AddService()
        {
            if (_swarm.State.Services.Count < 6)
            {
                _swarm.AddService(Spec("s" + _services++));
            }
        }

        private void ReviseService()
        {
            if (Pick(_swarm.State.Services) is { } service)
            {
                _swarm.Apply(
                    new StateChange.ServiceSpecSet(service.Id, Spec(service.Spec.Name), service.Revision + 1, null, null, _swarm.Now)
                );
            }
        }

        private void AddTasks()
        {
            if (Pick(_swarm.State.Services) is { } service)
            {
                // Now and then enough that the scheduler keeps an order of the service's own.
                var most = _random.Next(40) == 0 ? ServiceCounts.KeptFrom : 5;
                for (var count = _random.Next(1, most); count > 0; count--)
                {
                    _swarm.AddTask(service.Id, ++_slots, revision: service.Revision);
                }
            }
        }

        private void AddGlobalTask()
        {
            if (Pick(_swarm.State.Services) is { } service && Pick(_swarm.State.Nodes) is { } node)
            {
                _swarm.AddTask(service.Id, 0, node.Id, service.Revision);
            }
        }

        private void AdvanceTask()
        {
            if (Pick(_swarm.State.Tasks) is not { } task)
            {
                return;
            }
            if (_random.Next(3) == 0)
            {
                _swarm.Apply(new StateChange.TaskDesire(task.Id, Pick(TaskState.Shutdown, TaskState.Remove)));
            }
            else if (task.Status.State >= TaskState.Assigned)
            {
                _swarm.Observe(
                    task.Id,
                    Pick(TaskState.Running, TaskState.Complete, TaskState.Failed, TaskState.Failed, TaskState.Rejected)
                );
            }
        }

        private void RemoveSomething()
        {
            switch (_random.Next(5))
            {
                case 0 when Pick(_swarm.State.Nodes) is { } node:
                    _swarm.Apply(new StateChange.NodeRemove(node.Id));
                    break;
                case 1 when Pick(_swarm.State.Services) is { } service:
                    // As the orchestrator does: the service and its tasks go in one batch.
                    _swarm.Apply([
                        new StateChange.ServiceRemove(service.Id),
                        .. _swarm.State.TasksOfService(service.Id).Select(t => new StateChange.TaskRemove(t.Id)),
                    ]);
                    break;
                default:
                    if (Pick(_swarm.State.Tasks) is { } task)
                    {
                        _swarm.Apply(new StateChange.TaskRemove(task.Id));
                    }
                    break;
            }
        }

        private string Labels() => Pick("", "zone=east", "zone=west", "zone=east rack=1", "zone=west rack=1", "zone=west rack=2");

        private T Pick<T>(params ReadOnlySpan<T> from) => from[_random.Next(from.Length)];

        private T? Pick<T>(IReadOnlyCollection<T> from)
            where T : class => from.Count == 0 ? null : from.ElementAt(_random.Next(from.Count));
    }
}
