using Swarm.Core.Constraints;
using Swarm.Core.Model;
using Swarm.Core.Scheduling.Filters;
using Swarm.Core.Scheduling.Nodes;
using Swarm.Core.Validation;

namespace Swarm.Core.Scheduling;

/// <summary>Everything that decides which nodes a task may go to, apart from the tasks of its own service. Services with equal keys share
/// one profile.</summary>
/// <param name="Constraints">As in the spec.</param>
/// <param name="Spread">As in the spec, most significant first.</param>
/// <param name="VolumeDrivers">In ordinal order.</param>
/// <param name="BeyondProcesses">The container's options that a process of the host cannot have.</param>
/// <param name="Platforms">As in the spec.</param>
/// <param name="PublishesOnAllNodes">Tasks are reached from every node.</param>
/// <param name="Share">Of the node.</param>
internal readonly record struct ProfileKey(
    ValueList<string> Constraints,
    ValueList<string> Spread,
    ValueList<string> VolumeDrivers,
    ValueList<string> BeyondProcesses,
    ValueList<string> Platforms,
    bool PublishesOnAllNodes,
    TaskShare Share
)
{
    public static ProfileKey Of(ServiceSpec spec) =>
        new(
            spec.Placement.Constraints,
            spec.Placement.SpreadPreferences,
            PluginFilter.DriversOf(spec),
            ExecutorOptions.BeyondProcesses(spec.Container),
            spec.Placement.Platforms,
            IngressFilter.IsNeeded(spec),
            TaskShare.Of(spec)
        );
}

/// <summary>The filter pipeline of one <see cref="ProfileKey"/>, and the descriptors to spread over.</summary>
/// <remarks>Order: ready, resources, plugins, executor, ingress, platform, constraints, ports. The last stage, max-replicas, depends on the service and is
/// part of <see cref="GroupPlacement"/>.</remarks>
internal sealed class PlacementProfile
{
    private readonly NodeFilter[] _filters;
    private readonly NodeFilter[] _loadFilters;
    private PendingReasons? _reasons;
    private int _suitable;
    private long _reasonsAt = -1;

    public PlacementProfile(ProfileKey key)
    {
        Key = key;
        var filters = new List<NodeFilter> { new ReadyFilter() };
        if (Share.NanoCpus != 0 || Share.MemoryBytes != 0)
        {
            filters.Add(new ResourceFilter(Share));
        }
        if (key.VolumeDrivers.Count > 0)
        {
            filters.Add(new PluginFilter(key.VolumeDrivers));
        }
        if (key.BeyondProcesses.Count > 0)
        {
            filters.Add(new ExecutorFilter(key.BeyondProcesses));
        }
        if (key.PublishesOnAllNodes)
        {
            filters.Add(new IngressFilter());
        }
        if (key.Platforms.Count > 0)
        {
            filters.Add(new PlatformFilter(key.Platforms));
        }
        if (key.Constraints.Count > 0)
        {
            filters.Add(new ConstraintFilter(key.Constraints));
        }
        if (Share.HostPorts.Count > 0)
        {
            filters.Add(new PortFilter(Share.HostPorts));
        }
        _filters = [.. filters];
        _loadFilters = [.. filters.Where(f => f.DependsOnLoad)];
        // The control API validates descriptors. SwarmKit ignores an unknown descriptor, and so does this code.
        var spread = new List<SpreadDescriptor>(key.Spread.Count);
        foreach (var expression in key.Spread)
        {
            if (SpreadDescriptor.TryParse(expression, out var descriptor, out _))
            {
                spread.Add(descriptor);
            }
        }
        Spread = [.. spread];
    }

    public ProfileKey Key { get; }

    public TaskShare Share => Key.Share;

    public SpreadDescriptor[] Spread { get; }

    /// <summary>The nodes in order for this profile; null until needed, or after the cache removed them.</summary>
    public CandidatePool? Pool { get; set; }

    /// <summary>Groups that wait for a node of this profile.</summary>
    public LinkedList<PendingGroup> Blocked { get; } = [];

    public bool DependsOnLoad => _loadFilters.Length > 0;

    /// <summary>The whole pipeline.</summary>
    public bool Accepts(NodeInfo node) => AcceptsRecord(node) && AcceptsLoad(node);

    /// <summary>The part of the pipeline that only a change of the node's record can change.</summary>
    public bool AcceptsRecord(NodeInfo node)
    {
        foreach (var filter in _filters)
        {
            if (!filter.DependsOnLoad && !filter.Accepts(node))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>The part of the pipeline that depends on what runs on the node.</summary>
    public bool AcceptsLoad(NodeInfo node)
    {
        foreach (var filter in _loadFilters)
        {
            if (!filter.Accepts(node))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>The first filter that refuses the node, with its explanation; null when none does.</summary>
    public PendingReason? Refusal(NodeInfo node)
    {
        foreach (var filter in _filters)
        {
            if (!filter.Accepts(node))
            {
                return new PendingReason(filter.Name, 1, filter.Explain(node));
            }
        }
        return null;
    }

    /// <summary>All nodes counted by the first filter that refuses them, and how many none refuses.</summary>
    public PendingReasons Refusals(NodeSet nodes, out int suitable)
    {
        if (_reasonsAt != nodes.Sequence || _reasons is null)
        {
            var counts = new RefusalCount[_filters.Length];
            _suitable = 0;
            foreach (var node in nodes.Ordered)
            {
                var at = Array.FindIndex(_filters, f => !f.Accepts(node));
                if (at < 0)
                {
                    _suitable++;
                }
                else
                {
                    (counts[at] ??= new RefusalCount()).Add(_filters[at].Summarize(node));
                }
            }
            var reasons = new List<PendingReason>();
            for (var i = 0; i < counts.Length; i++)
            {
                if (counts[i] is { } count)
                {
                    reasons.Add(count.ToReason(_filters[i].Name));
                }
            }
            if (nodes.Count == 0)
            {
                reasons.Add(new PendingReason("ready", 0, "the swarm has no nodes"));
            }
            var fresh = new PendingReasons(reasons.ToValueList());
            // Equal reasons stay the same object: a hundred thousand pending tasks then share it.
            _reasons = fresh.Equals(_reasons) ? _reasons : fresh;
            _reasonsAt = nodes.Sequence;
        }
        suitable = _suitable;
        return _reasons;
    }
}
