using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.Orchestration.Planning;
using Swarm.Core.State;
using Swarm.Core.Tests.Orchestration;

namespace Swarm.Core.Tests.Simulation;

/// <summary>Some virtual minutes of users and faults, then a quiet period.</summary>
internal sealed partial class Scenario
{
    private static readonly string[] Zones = ["", "east", "west"];

    private readonly SimulatedSwarm _swarm;
    private readonly Random _random;

    /// <summary>In a narrow swarm most services reserve, and nodes have room for few tasks.</summary>
    private readonly bool _isNarrow;
    private int _nodes;
    private int _services;

    private Scenario(SimulatedSwarm swarm)
    {
        _swarm = swarm;
        _random = swarm.Random;
        _ofNetworks = new Random(swarm.Seed);
        _isNarrow = _random.Next(4) == 0;
    }

    /// <summary>Plays the scenario of a seed.</summary>
    /// <returns>The swarm, settled.</returns>
    /// <exception cref="SimulationFailedException">An invariant does not hold.</exception>
    public static SimulatedSwarm Play(int seed, InjectedFault fault = InjectedFault.None, bool recordHistory = false)
    {
        var swarm = new SimulatedSwarm(seed, fault, recordHistory);
        new Scenario(swarm).Play();
        return swarm;
    }

    private void Play()
    {
        _swarm.Commit([TestSwarm.Set(ClusterSettings.Default with { TaskHistoryLimit = _random.Next(6) }, _swarm.Now)]);
        for (var i = _random.Next(2, 5); i > 0; i--)
        {
            Join();
        }
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            CreateService();
        }
        for (var i = _random.Next(10, 30); i > 0; i--)
        {
            _swarm.Run(TimeSpan.FromMilliseconds(_random.Next(10) == 0 ? _random.Next(15_000) : _random.Next(2500)));
            Disturb();
        }
        MakePeace();
        _swarm.Run(TimeSpan.FromHours(1));
        Invariants.CheckConverged(_swarm);
        NetworkInvariants.CheckRest(_swarm);
    }

    private void Disturb()
    {
        if (_ofNetworks.Next(4) == 0)
        {
            ChangeNetworks();
        }
        if (_random.Next(7) == 0)
        {
            ChangePlacement();
            return;
        }
        switch (_random.Next(32))
        {
            case 0:
                CreateService();
                break;
            case 1 or 2 or 3:
                WithService(s =>
                    Update(
                        s,
                        spec => spec.Mode is ServiceMode.Replicated ? spec with { Mode = new ServiceMode.Replicated(Replicas()) } : spec
                    )
                );
                break;
            case 4 or 5 or 6 or 7:
                WithService(s => Update(s, spec => spec with { Container = spec.Container with { Image = AnyImage() } }));
                break;
            case 8:
                WithService(s => Update(s, spec => spec with { Placement = AnyPlacement() }));
                break;
            case 9:
                WithService(s => Update(s, spec => spec with { Update = AnyUpdate() }));
                break;
            case 10:
                WithService(s => Update(s, spec => spec with { ForceUpdate = spec.ForceUpdate + 1 }));
                break;
            case 11:
                WithService(Rollback);
                break;
            case 12:
                WithService(s => _swarm.Commit([new StateChange.ServiceRemove(s.Id)]));
                break;
            case 13 or 14:
                WithNode(n => SetNode(n, spec => spec with { Availability = (NodeAvailability)_random.Next(3) }));
                break;
            case 15 or 16:
                WithNode(n => SetNode(n, spec => spec with { Labels = AnyLabels() }));
                break;
            case 17 or 18:
                WithAgent(a => Lose(a, crash: true));
                break;
            case 19 or 20:
                WithAgent(a => Lose(a, crash: false));
                break;
            case 21 when _swarm.State.Nodes.Count < 6:
                Join();
                break;
            case 22:
                WithNode(n =>
                {
                    if (n.Status.State == NodeState.Down && _random.Next(2) == 0)
                    {
                        _swarm.Agents[n.Id].Crash();
                        _swarm.Commit([new StateChange.NodeRemove(n.Id)]);
                    }
                });
                break;
            case 23 or 24:
                _swarm.ChangeLeader(fromSnapshot: _random.Next(2) == 0);
                break;
            case 25:
                WithTask(t => _swarm.Commit([new StateChange.TaskDesire(t.Id, TaskState.Shutdown)]));
                break;
            case 28 or 29:
                _swarm.StepClock(AnyStep(_random));
                break;
            case 30:
                _swarm.Disk.Slow(_swarm.Elapsed + TimeSpan.FromMilliseconds(_random.Next(20_000)), longest: _random.Next(1, 5000));
                break;
            case 31:
                WithAgent(Leave);
                break;
            default:
                WithContainer();
                break;
        }
    }

    /// <summary>Faults stop, and the operator repairs what cannot repair itself.</summary>
    private void MakePeace()
    {
        // Current losses become known first. Then most machines are brought back; some stay down.
        _swarm.Run(TimeSpan.FromSeconds(10));
        foreach (var agent in _swarm.Agents.Values.ToList())
        {
            if (!agent.IsConnected && _swarm.State.FindNode(agent.NodeId) is not null && _random.Next(4) != 0)
            {
                Return(agent);
            }
        }
        _swarm.Run(TimeSpan.FromSeconds(_random.Next(30)));
        foreach (var service in _swarm.State.Services.OrderBy(s => s.Id, StringComparer.Ordinal).ToList())
        {
            Update(service, Repaired);
        }
        // A rollback that began before the repair may have undone it.
        for (var i = 0; i < 3; i++)
        {
            _swarm.Run(TimeSpan.FromMinutes(3));
            foreach (var service in _swarm.State.Services.OrderBy(s => s.Id, StringComparer.Ordinal).ToList())
            {
                var paused = service.UpdateStatus?.State is UpdateState.Paused or UpdateState.RollbackPaused;
                if (paused || !service.Spec.Container.Image.StartsWith("good", StringComparison.Ordinal))
                {
                    Update(service, Repaired);
                }
            }
        }
    }

    private ServiceSpec Repaired(ServiceSpec spec) =>
        spec with
        {
            Container = spec.Container with { Image = "good:" + _random.Next(1000) },
        };

    private void CreateService()
    {
        var id = _swarm.NextId();
        var update = AnyUpdate();
        var spec = new ServiceSpec
        {
            Name = $"service{++_services}",
            Container = new ContainerSpec { Image = "good:1" },
            Mode = _random.Next(4) == 0 ? new ServiceMode.Global() : new ServiceMode.Replicated(Replicas()),
            Restart = AnyRestart(),
            Placement = AnyPlacement(),
            Update = update,
            Rollback = AnyUpdate(),
            Resources =
                _random.Next(4) == 0 || (_isNarrow && _random.Next(4) != 0)
                    ? new ResourceRequirements { Reservations = new ResourceAmount(_random.Next(1, 3) * 1_000_000_000L, 0) }
                    : ResourceRequirements.None,
        };
        _swarm.Commit(ServiceChanges.Create(id, spec, null, _swarm.Now));
    }

    private void Update(Service service, Func<ServiceSpec, ServiceSpec> change)
    {
        var spec = change(service.Spec);
        _swarm.Commit(ServiceChanges.Update(_swarm.State, service, spec, null, _swarm.Now));
    }

    private void Rollback(Service service)
    {
        if (service.PreviousRevision > 0 && _swarm.State.FindRevision(service.Id, service.PreviousRevision) is not null)
        {
            _swarm.Commit(ServiceChanges.Rollback(_swarm.State, service, 0, _swarm.Now));
        }
    }

    private void SetNode(Node node, Func<NodeSpec, NodeSpec> change) =>
        _swarm.Commit([new StateChange.NodeSpecSet(node.Id, change(node.Spec), _swarm.Now)]);

    private void Join()
    {
        var id = $"node{++_nodes}";
        var node = new Node
        {
            Id = id,
            CreatedAt = _swarm.Now,
            UpdatedAt = _swarm.Now,
            Spec = NodeSpec.Default with { Labels = AnyLabels() },
            Description = NodeDescription.Unknown with
            {
                Hostname = id,
                Resources = new ResourceAmount(_isNarrow ? 3_000_000_000 : 6_000_000_000, 1L << 30),
            },
            Status = NodeStatus.New with { State = NodeState.Ready, Since = _swarm.Now },
        };
        _swarm.Agents[id] = new SimulatedAgent(_swarm, id);
        _swarm.Commit([new StateChange.NodeCreate(node)]);
    }

    /// <summary>A step of a clock: from a millisecond to some weeks, forward or back.</summary>
    public static TimeSpan AnyStep(Random random) =>
        TimeSpan.FromMilliseconds(Math.Floor(Math.Pow(10, random.NextDouble() * 9.5))) * (random.Next(2) == 0 ? 1 : -1);

    private void Leave(SimulatedAgent agent)
    {
        if (agent.IsConnected && _swarm.State.FindNode(agent.NodeId) is { } node && _swarm.Agents.Values.Count(a => a.IsConnected) > 1)
        {
            agent.Leave();
            var status = node.Status with { State = NodeState.Down, Message = "left the swarm", Since = _swarm.Now, HasLeft = true };
            _swarm.Commit([new StateChange.NodeStatusSet(node.Id, status, _swarm.Now)]);
        }
    }

    private void Lose(SimulatedAgent agent, bool crash)
    {
        if (!agent.IsConnected)
        {
            if (_swarm.State.FindNode(agent.NodeId) is not null)
            {
                Return(agent);
            }
            return;
        }
        if (crash)
        {
            agent.Crash();
        }
        else
        {
            agent.Disconnect();
        }
        _swarm.After(5, 1000, () => SetState(agent, NodeState.Disconnected));
        _swarm.After(2000, 4000, () => SetState(agent, NodeState.Down));
        if (_random.Next(3) == 0)
        {
            // The node usually returns before it is marked down.
            _swarm.After(100, 2500, () => Return(agent));
        }
    }

    private void SetState(SimulatedAgent agent, NodeState state)
    {
        if (!agent.IsConnected && !agent.HasLeft && _swarm.State.FindNode(agent.NodeId) is { } node && node.Status.State != state)
        {
            _swarm.Commit([new StateChange.NodeStatusSet(node.Id, node.Status with { State = state, Since = _swarm.Now }, _swarm.Now)]);
        }
    }

    private void Return(SimulatedAgent agent) =>
        _swarm.AfterWrites(() =>
        {
            if (!agent.IsConnected && !agent.HasLeft && _swarm.State.FindNode(agent.NodeId) is { } node)
            {
                agent.Connect();
                _swarm.Commit([
                    new StateChange.NodeStatusSet(node.Id, node.Status with { State = NodeState.Ready, Since = _swarm.Now }, _swarm.Now),
                ]);
            }
        });

    private void WithService(Action<Service> action) => WithAny(_swarm.State.Services.OrderBy(s => s.Id, StringComparer.Ordinal), action);

    private void WithNode(Action<Node> action) => WithAny(_swarm.State.Nodes.OrderBy(n => n.Id, StringComparer.Ordinal), action);

    private void WithAgent(Action<SimulatedAgent> action) => WithAny(_swarm.Agents.Values, action);

    private void WithTask(Action<SwarmTask> action) =>
        WithAny(_swarm.State.Tasks.Where(t => t.IsLive).OrderBy(t => t.Id, StringComparer.Ordinal), action);

    private void WithContainer() =>
        WithAgent(agent => WithAny(agent.Containers, container => agent.Kill(container, withError: _random.Next(4) != 0)));

    private void WithAny<T>(IEnumerable<T> candidates, Action<T> action)
    {
        var list = candidates.ToList();
        if (list.Count > 0)
        {
            action(list[_random.Next(list.Count)]);
        }
    }

    private ulong Replicas() => (ulong)_random.Next(0, 6);

    private string AnyImage() =>
        _random.Next(8) switch
        {
            0 => "bad:" + _random.Next(100),
            1 => "dead:" + _random.Next(100),
            2 => "missing:" + _random.Next(100),
            _ => "good:" + _random.Next(100),
        };

    private ValueMap AnyLabels()
    {
        var zone = Zones[_random.Next(Zones.Length)];
        return zone.Length == 0 ? ValueMap.Empty : ValueMap.Empty.With("zone", zone);
    }

    private Placement AnyPlacement() =>
        _random.Next(6) switch
        {
            0 => new Placement { Constraints = ["node.labels.zone==east"] },
            1 => new Placement { Constraints = ["node.labels.zone!=west"] },
            2 => new Placement { SpreadPreferences = ["node.labels.zone"] },
            3 when _random.Next(2) == 0 => new Placement { MaxReplicasPerNode = (ulong)_random.Next(1, 3) },
            _ => Placement.Anywhere,
        };

    private RestartPolicy AnyRestart() =>
        new()
        {
            Condition = _random.Next(12) switch
            {
                0 => RestartCondition.None,
                1 => RestartCondition.OnFailure,
                _ => RestartCondition.Any,
            },
            Delay = _random.Next(3) == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(_random.Next(8000)),
            MaxAttempts = _random.Next(10) == 0 ? (ulong)_random.Next(1, 4) : 0,
            Window = _random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(30),
        };

    private UpdateConfig AnyUpdate() =>
        new()
        {
            Parallelism = (ulong)_random.Next(0, 4),
            Delay = _random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(_random.Next(5000)),
            Monitor = TimeSpan.FromMilliseconds(_random.Next(6000)),
            FailureAction = (FailureAction)_random.Next(3),
            MaxFailureRatio = _random.Next(3) == 0 ? 0.4 : 0,
            Order = (UpdateOrder)_random.Next(2),
        };
}
