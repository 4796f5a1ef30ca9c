using Swarm.Core.Model;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>Recent failures by revision and node, so that a service avoids a node on which it fails in a loop.</summary>
/// <remarks>Source of the figures: moby/swarmkit manager/scheduler/scheduler.go (monitorFailures, maxFailures).</remarks>
internal sealed class RecentFailures
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    public const int Threshold = 5;

    private readonly Dictionary<(string ServiceId, ulong Revision), Dictionary<string, List<TimeSpan>>> _byRevision = [];
    private TimeSpan? _pruned;

    /// <summary>Global tasks are not counted: the scheduler does not choose their nodes.</summary>
    /// <param name="task">The task that failed.</param>
    /// <param name="ended">When it ended, by the clock of the later questions.</param>
    public void Record(SwarmTask task, TimeSpan ended)
    {
        if (task.NodeId is null || task.Slot == 0)
        {
            return;
        }
        var key = (task.ServiceId, task.Revision);
        if (!_byRevision.TryGetValue(key, out var byNode))
        {
            _byRevision[key] = byNode = new(StringComparer.Ordinal);
        }
        if (!byNode.TryGetValue(task.NodeId, out var times))
        {
            byNode[task.NodeId] = times = [];
        }
        var at = times.BinarySearch(ended);
        times.Insert(at < 0 ? ~at : at, ended);
    }

    /// <summary>Nodes on which the revision failed at least <see cref="Threshold"/> times within <see cref="Window"/>; null when there are none.</summary>
    public Dictionary<NodeInfo, int>? Of(string serviceId, ulong revision, TimeSpan now, NodeSet nodes)
    {
        if (_byRevision.Count == 0 || !_byRevision.TryGetValue((serviceId, revision), out var byNode))
        {
            return null;
        }
        Dictionary<NodeInfo, int>? failures = null;
        foreach (var (nodeId, times) in byNode)
        {
            var count = times.Count - CountExpired(times, now);
            if (count >= Threshold && nodes.Find(nodeId) is { } node)
            {
                (failures ??= [])[node] = count;
            }
        }
        return failures;
    }

    /// <summary>Removes old entries; does nothing if it ran within the last window.</summary>
    public void Prune(TimeSpan now)
    {
        if (_byRevision.Count == 0 || now - _pruned < Window)
        {
            return;
        }
        _pruned = now;
        foreach (var (key, byNode) in _byRevision)
        {
            foreach (var (nodeId, times) in byNode)
            {
                times.RemoveRange(0, CountExpired(times, now));
                if (times.Count == 0)
                {
                    byNode.Remove(nodeId);
                }
            }
            if (byNode.Count == 0)
            {
                _byRevision.Remove(key);
            }
        }
    }

    public void Clear()
    {
        _byRevision.Clear();
        _pruned = null;
    }

    private static int CountExpired(List<TimeSpan> times, TimeSpan now)
    {
        var expired = 0;
        while (expired < times.Count && now - times[expired] > Window)
        {
            expired++;
        }
        return expired;
    }
}
