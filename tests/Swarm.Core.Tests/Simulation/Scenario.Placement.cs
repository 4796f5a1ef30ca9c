using Swarm.Core.Model;
using Swarm.Core.Orchestration;

namespace Swarm.Core.Tests.Simulation;

/// <content>Constraints and labels that change under updates, and attempts that are made anew.</content>
internal sealed partial class Scenario
{
    private void ChangePlacement()
    {
        switch (_random.Next(8))
        {
            case 0 or 1:
                WithService(MoveZone);
                break;
            case 2:
                WithService(s =>
                    Update(s, spec => spec with { Placement = AnyPlacement(), Container = spec.Container with { Image = AnyImage() } })
                );
                break;
            case 3:
                // The constraint goes, and then the labels that it asked for.
                WithService(s => Update(s, spec => spec with { Placement = Placement.Anywhere }));
                _swarm.After(0, 4000, () => Relabel(""));
                break;
            case 4:
                Relabel(Zones[_random.Next(Zones.Length)]);
                break;
            case 5:
                WithService(s =>
                    Update(
                        s,
                        spec =>
                            spec.Mode is ServiceMode.Replicated
                                ? spec with
                                {
                                    Placement = spec.Placement with { MaxReplicasPerNode = (ulong)_random.Next(0, 3) },
                                }
                                : spec
                    )
                );
                break;
            case 6:
                WithService(s => Update(s, spec => spec with { Labels = ValueMap.Empty.With("tier", AnyImage()) }));
                break;
            default:
                WithService(s =>
                    Attempt(s, _random.Next(2) == 0 ? new RegistryCredential("registry", "user" + _random.Next(100), "secret") : null)
                );
                break;
        }
    }

    /// <summary>A service goes to another zone while the nodes' labels move, before or after.</summary>
    private void MoveZone(Service service)
    {
        var zone = Zones[_random.Next(1, Zones.Length)];
        var image = _random.Next(2) == 0 ? AnyImage() : null;
        _swarm.After(
            0,
            3000,
            () =>
            {
                if (_swarm.State.FindService(service.Id) is { } now)
                {
                    var placement = new Placement { Constraints = ["node.labels.zone==" + zone] };
                    Update(
                        now,
                        spec =>
                            spec with
                            {
                                Placement = placement,
                                Container = image is null ? spec.Container : spec.Container with { Image = image },
                            }
                    );
                }
            }
        );
        _swarm.After(0, 6000, () => Relabel(zone));
    }

    /// <summary>Each node gets the zone, most of them within a second.</summary>
    private void Relabel(string zone)
    {
        var labels = zone.Length == 0 ? ValueMap.Empty : ValueMap.Empty.With("zone", zone);
        foreach (var id in _swarm.State.Nodes.Select(n => n.Id).Order(StringComparer.Ordinal).ToList())
        {
            if (_random.Next(4) != 0)
            {
                _swarm.After(
                    0,
                    1000,
                    () =>
                    {
                        if (_swarm.State.FindNode(id) is { } node)
                        {
                            SetNode(node, spec => spec with { Labels = labels });
                        }
                    }
                );
            }
        }
    }

    private void Attempt(Service service, RegistryCredential? credential)
    {
        var failed = PlacementInvariants.TasksToTry(_swarm, service);
        _swarm.Commit(ServiceChanges.Update(_swarm.State, service, service.Spec, credential, _swarm.Now, newAttempt: true));
        if (_swarm.State.FindService(service.Id) is { } now && now.Revision != service.Revision)
        {
            _swarm.Attempts[service.Id] = (now.Revision, failed);
            if (service.UpdateStatus is { State: UpdateState.Updating or UpdateState.RollbackStarted, Number: var number })
            {
                var first = _swarm.Continued.TryGetValue(service.Id, out var known) && known.Number == number ? known.First : number;
                _swarm.Continued[service.Id] = (now.UpdateStatus!.Number, first);
            }
        }
    }
}
