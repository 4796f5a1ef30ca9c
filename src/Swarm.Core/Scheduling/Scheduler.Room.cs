using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling;

/// <content>Room for tasks that are only thought of: the replacements of tasks on a node that is down.</content>
public sealed partial class Scheduler
{
    private readonly List<Decision> _claims = [];
    private bool _queuedHaveClaims;

    /// <summary>Tasks that are to be tried next have claimed places. A task that this plan removes, or that goes elsewhere, gives its place back.</summary>
    internal bool IsClaimedForQueued { get; private set; }

    /// <summary>Claims places for further tasks of a service, until <see cref="ReleaseClaims"/>. Earlier claims count, and the tasks that are
    /// to be tried next come first.</summary>
    /// <param name="service">Its spec decides about the nodes, its tasks about the maximum of replicas.</param>
    /// <param name="most">The number of tasks.</param>
    /// <returns>How many of them nodes would take.</returns>
    internal int ClaimPlaces(Service service, int most)
    {
        if (!IsLimited(service.Spec))
        {
            return IsTakenSomewhere(_state, service.Spec) ? most : 0;
        }
        _nodes.Refresh();
        if (!_queuedHaveClaims)
        {
            _queuedHaveClaims = true;
            ClaimForQueued();
            IsClaimedForQueued = _claims.Count > 0;
        }
        return Claim(service.Id, service.Spec, most);
    }

    /// <summary>Gives back everything that was claimed. Call it before <see cref="Schedule"/>.</summary>
    internal void ReleaseClaims()
    {
        if (_queuedHaveClaims)
        {
            _queuedHaveClaims = false;
            IsClaimedForQueued = false;
            TakeBack(_claims);
            _counts.EndRound();
        }
    }

    /// <summary>True when one of the nodes has room for a further task of the service, apart from the maximum of replicas. False when the
    /// service takes no room.</summary>
    internal bool HasRoomOn(Service service, IEnumerable<string> nodeIds)
    {
        if (!IsLimited(service.Spec))
        {
            return false;
        }
        var profile = _profiles.Of(service.Spec);
        foreach (var nodeId in nodeIds)
        {
            if (_nodes.Find(nodeId) is { Node: not null } node && profile.Accepts(node))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>True when a node that suits the spec may have no room for a task of it.</summary>
    internal static bool IsLimited(ServiceSpec spec) => spec.Placement.MaxReplicasPerNode > 0 || !TaskShare.Of(spec).IsNone;

    private int Claim(string serviceId, ServiceSpec spec, int most)
    {
        var profile = _profiles.Of(spec);
        var counts = _counts.Of(serviceId);
        var claimed = 0;
        using var placement = new GroupPlacement(
            _profiles.PoolOf(profile),
            profile,
            _nodes,
            counts,
            null,
            spec.Placement.MaxReplicasPerNode
        );
        while (claimed < most && placement.Assign() is { } node)
        {
            _claims.Add(new Decision(node, _counts.Adjust(serviceId, node, 1) ? serviceId : null, profile.Share));
            claimed++;
        }
        return claimed;
    }

    private void ClaimForQueued()
    {
        foreach (var group in _pending.Queued)
        {
            var (serviceId, revision, nodeId) = group.Key;
            if (_state.FindTaskSpec(serviceId, revision) is not { } spec || !IsLimited(spec))
            {
                continue;
            }
            if (nodeId is null)
            {
                Claim(serviceId, spec, group.Count);
            }
            else if (_nodes.Find(nodeId) is { Node: not null } node && _profiles.Of(spec) is var profile && profile.Accepts(node))
            {
                _nodes.Take(node, profile.Share);
                _claims.Add(new Decision(node, null, profile.Share));
            }
        }
    }
}
