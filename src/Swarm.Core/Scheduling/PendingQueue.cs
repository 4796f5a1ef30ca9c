using System.Diagnostics.CodeAnalysis;
using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling;

/// <summary>Tasks without a node, in groups. A group is queued, waits for the cause of a refusal to end, or waits for the confirmation of
/// its assignments.</summary>
internal sealed class PendingQueue(ProfileCache profiles)
{
    private const int TrimFrom = 4096;

    private readonly Dictionary<GroupKey, PendingGroup> _groups = [];
    private readonly Queue<PendingGroup> _preassigned = [];
    private readonly Queue<PendingGroup> _queue = [];
    private readonly List<PendingGroup> _decided = [];
    private readonly SortedDictionary<long, PlacementProfile> _blockedProfiles = [];
    private readonly Dictionary<PlacementProfile, long> _blockedOrder = [];
    private readonly Dictionary<string, List<PendingGroup>> _blockedByService = new(StringComparer.Ordinal);
    private long _nextOrder;
    private int _queued;
    private int _unconfirmed;

    // Set when a task was removed between decision and assignment: other groups may have been refused because of the room that it was to
    // take.
    private bool _decisionLost;

    public bool HasWork => _queued > 0 || _unconfirmed > 0 || (_decisionLost && _blockedProfiles.Count > 0);

    /// <summary>True when the task has no node, or is not confirmed yet on the node that it was made for.</summary>
    public static bool IsPending(SwarmTask task) => task.Status.State <= TaskState.Pending && task.DesiredState <= TaskState.Running;

    /// <summary>Applies a change of a task's record.</summary>
    public void Update(SwarmTask? before, SwarmTask? after)
    {
        var wasPending = before is not null && IsPending(before);
        var isPending = after is not null && IsPending(after);
        if (wasPending && (!isPending || GroupKey.Of(before!) != GroupKey.Of(after!)))
        {
            Remove(before!, assigned: after is { NodeId: not null, Status.State: >= TaskState.Assigned });
        }
        if (isPending)
        {
            Add(after!);
        }
    }

    /// <summary>The groups that are tried next, in their order.</summary>
    public IEnumerable<PendingGroup> Queued => _preassigned.Concat(_queue).Where(static g => g.IsQueued).Distinct();

    /// <summary>The next queued group; groups made for a certain node come first.</summary>
    public bool TryDequeue([NotNullWhen(true)] out PendingGroup? group)
    {
        while (_preassigned.TryDequeue(out group) || _queue.TryDequeue(out group))
        {
            // The group may have been removed, and even added again, since it was queued.
            if (group.IsQueued)
            {
                group.IsQueued = false;
                _queued--;
                return true;
            }
        }
        return false;
    }

    public void Enqueue(PendingGroup group)
    {
        Unblock(group);
        if (!group.IsQueued)
        {
            group.IsQueued = true;
            _queued++;
            (group.Key.NodeId is null ? _queue : _preassigned).Enqueue(group);
        }
    }

    /// <summary>Counts an assignment of one of the group's tasks as returned.</summary>
    public void MarkDecided(PendingGroup group)
    {
        if (group.Unconfirmed++ == 0)
        {
            _unconfirmed++;
            _decided.Add(group);
        }
    }

    /// <summary>Queues the decisions whose batch was dropped, and the groups that were refused because of these decisions.</summary>
    public void RequeueUnconfirmed()
    {
        var decisionLost = _decisionLost || _unconfirmed > 0;
        _decisionLost = false;
        if (_unconfirmed > 0)
        {
            foreach (var group in _decided)
            {
                if (group.Unconfirmed > 0)
                {
                    group.Unconfirmed = 0;
                    if (group.Count > 0)
                    {
                        Enqueue(group);
                    }
                }
            }
            _unconfirmed = 0;
        }
        _decided.Clear();
        if (_decided.Capacity > TrimFrom)
        {
            _decided.Capacity = 0;
        }
        if (decisionLost)
        {
            RetryAll();
        }
    }

    /// <summary>The group waits until a node of the profile changes or has room again, or (<paramref name="byMaxReplicas"/>) a task of its
    /// service ends.</summary>
    public void Block(PendingGroup group, PlacementProfile profile, bool byMaxReplicas)
    {
        if (group.IsQueued || group.BlockedEntry is not null)
        {
            return;
        }
        if (profile.Blocked.Count == 0)
        {
            _blockedProfiles[_nextOrder] = profile;
            _blockedOrder[profile] = _nextOrder++;
        }
        group.BlockedProfile = profile;
        group.BlockedEntry = profile.Blocked.AddLast(group);
        if (byMaxReplicas)
        {
            group.IsBlockedByMaxReplicas = true;
            if (!_blockedByService.TryGetValue(group.Key.ServiceId, out var list))
            {
                _blockedByService[group.Key.ServiceId] = list = [];
            }
            list.Add(group);
        }
    }

    /// <summary>Queues every waiting group after a node came, went or changed; at the least, the counts in its reasons change.</summary>
    public void RetryAll()
    {
        while (_blockedProfiles.Count > 0)
        {
            var blocked = _blockedProfiles.First().Value.Blocked;
            while (blocked.First is { } first)
            {
                Enqueue(first.Value);
            }
        }
    }

    /// <summary>Queues the groups that may use the room of an ended task.</summary>
    public void RetryForRoomOn(NodeInfo node)
    {
        if (_blockedProfiles.Count == 0 || node.Node is null)
        {
            return;
        }
        List<PendingGroup>? retried = null;
        foreach (var profile in _blockedProfiles.Values)
        {
            if (profile.DependsOnLoad && profile.Accepts(node))
            {
                foreach (var group in profile.Blocked)
                {
                    if (group.Key.NodeId is null || group.Key.NodeId == node.Id)
                    {
                        (retried ??= []).Add(group);
                    }
                }
            }
        }
        retried?.ForEach(Enqueue);
    }

    /// <summary>Queues the group of a task after the ports of its service changed.</summary>
    public void Retry(SwarmTask task)
    {
        if (_groups.TryGetValue(GroupKey.Of(task), out var group))
        {
            Enqueue(group);
        }
    }

    /// <summary>Queues the groups of a service after one of its live tasks ended.</summary>
    public void RetryForReplicaOf(string serviceId)
    {
        if (_blockedByService.TryGetValue(serviceId, out var groups))
        {
            foreach (var group in groups.ToArray())
            {
                Enqueue(group);
            }
        }
    }

    /// <summary>Frees the memory that a large round needed.</summary>
    public void Trim()
    {
        if (_groups.Count == 0 && _groups.Capacity > TrimFrom)
        {
            _groups.TrimExcess();
            _queue.TrimExcess();
            _preassigned.TrimExcess();
            _decided.Clear();
            _decided.Capacity = 0;
        }
    }

    public void Clear()
    {
        _groups.Clear();
        _preassigned.Clear();
        _queue.Clear();
        _decided.Clear();
        _blockedProfiles.Clear();
        _blockedOrder.Clear();
        _blockedByService.Clear();
        _queued = 0;
        _unconfirmed = 0;
        _decisionLost = false;
    }

    private void Add(SwarmTask task)
    {
        var key = GroupKey.Of(task);
        if (!_groups.TryGetValue(key, out var group))
        {
            _groups[key] = group = new PendingGroup(key);
        }
        if (group.Set(task))
        {
            Enqueue(group);
        }
    }

    private void Remove(SwarmTask task, bool assigned)
    {
        var key = GroupKey.Of(task);
        if (!_groups.TryGetValue(key, out var group) || !group.Remove(task.Id))
        {
            return;
        }
        if (assigned && group.Unconfirmed > 0 && --group.Unconfirmed == 0)
        {
            _unconfirmed--;
        }
        _decisionLost |= !assigned && group.Unconfirmed > 0;
        if (group.Count > 0)
        {
            return;
        }
        _groups.Remove(key);
        Unblock(group);
        if (group.IsQueued)
        {
            group.IsQueued = false;
            _queued--;
        }
        if (group.Unconfirmed > 0)
        {
            group.Unconfirmed = 0;
            _unconfirmed--;
        }
        Trim();
    }

    private void Unblock(PendingGroup group)
    {
        if (group.BlockedProfile is not { } profile)
        {
            return;
        }
        profile.Blocked.Remove(group.BlockedEntry!);
        group.BlockedEntry = null;
        group.BlockedProfile = null;
        if (profile.Blocked.Count == 0 && _blockedOrder.Remove(profile, out var order))
        {
            _blockedProfiles.Remove(order);
            profiles.Release(profile);
        }
        if (group.IsBlockedByMaxReplicas)
        {
            group.IsBlockedByMaxReplicas = false;
            var list = _blockedByService[group.Key.ServiceId];
            list.Remove(group);
            if (list.Count == 0)
            {
                _blockedByService.Remove(group.Key.ServiceId);
            }
        }
    }
}
