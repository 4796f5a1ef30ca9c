using System.Diagnostics.CodeAnalysis;
using Swarm.Core.Model;
using Swarm.Core.Scheduling.Nodes;

namespace Swarm.Core.Scheduling;

/// <summary>Tasks without a node, in groups: those whose turn comes, those that wait for a reason to go, those that were given a node and not confirmed yet.</summary>
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

    // Set when a task went between decision and assignment: groups may have been refused for the room that it was to take.
    private bool _decisionLost;

    public bool HasWork => _queued > 0 || _unconfirmed > 0 || (_decisionLost && _blockedProfiles.Count > 0);

    /// <summary>The task has no node, or not yet been confirmed on the one it was made for.</summary>
    public static bool IsPending(SwarmTask task) => task.Status.State <= TaskState.Pending && task.DesiredState <= TaskState.Running;

    /// <summary>Follows a task's record.</summary>
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

    /// <summary>Next group whose turn it is; those made for a node come first.</summary>
    public bool TryDequeue([NotNullWhen(true)] out PendingGroup? group)
    {
        while (_preassigned.TryDequeue(out group) || _queue.TryDequeue(out group))
        {
            // It may have gone, and even have come again, since it was queued.
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

    /// <summary>An assignment of one of the group's tasks was put out.</summary>
    public void MarkDecided(PendingGroup group)
    {
        if (group.Unconfirmed++ == 0)
        {
            _unconfirmed++;
            _decided.Add(group);
        }
    }

    /// <summary>Queues what was decided and never applied, because the batch was dropped, and with it what was refused in view of those decisions.</summary>
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

    /// <summary>The group waits until a node of the profile changes, or has room again, or (<paramref name="byMaxReplicas"/>) a task of its service goes.</summary>
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

    /// <summary>A node came, went or changed: every waiting group is looked at again, if only because the counts in its reasons change.</summary>
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

    /// <summary>A task that had its share of the node is gone.</summary>
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

    /// <summary>A live task of the service is gone from its node.</summary>
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

    /// <summary>Gives back what a large round needed.</summary>
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
