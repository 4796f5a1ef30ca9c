using Swarm.Core.Forwarding;
using Swarm.Core.Networking;
using Swarm.Core.State;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher.Sending;

/// <summary>The forwarding table that one session's node has been sent, what to send next, and what the node has put into force.</summary>
internal sealed class SessionForwarding
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ForwardedService> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ForwardingPeer> _peers = new(StringComparer.Ordinal);
    private readonly List<(ulong Index, TaskCompletionSource Settled)> _waiting = [];
    private HashSet<string> _changed = new(StringComparer.Ordinal);
    private bool _all = true;
    private bool _begun;
    private bool _peersAreOld = true;
    private bool _sending;
    private ulong _sent;
    private ulong _inForce;
    private bool _ended;

    /// <summary>Marks a service that may be forwarded in another way now.</summary>
    public void Mark(string serviceId)
    {
        lock (_gate)
        {
            _changed.Add(serviceId);
        }
    }

    /// <summary>Everything is compared with what was sent: a node has changed, or the state was restored.</summary>
    public void MarkAll()
    {
        lock (_gate)
        {
            _all = true;
        }
    }

    /// <summary>The next update to send; null when the node's table is as it should be. It must have one caller at a time, under the state's shared lock.</summary>
    /// <param name="more">More is left for another update.</param>
    public V1.ForwardingUpdate? Next(ClusterState state, out bool more)
    {
        HashSet<string> changed;
        bool all;
        bool isClosing;
        lock (_gate)
        {
            (changed, all) = (_changed, _all);
            _changed = new HashSet<string>(StringComparer.Ordinal);
            _all = false;
            // Until it is known whether there is something to send, nothing is settled.
            isClosing = _sending;
            _sending = true;
            if (all)
            {
                changed.UnionWith(state.ServicesOnAllNodes);
                changed.UnionWith(_services.Keys);
            }
        }
        var update = new V1.ForwardingUpdate { Revision = state.Index };
        var left = AddServices(update, changed, state);
        // A swarm that publishes nothing needs no peers.
        _peersAreOld |= all;
        if (_services.Count > 0 && _peersAreOld)
        {
            AddPeers(update, state);
            _peersAreOld = false;
        }
        more = left.Count > 0;
        update.More = more;
        var isNews = update.Services.Count + update.RemovedServices.Count + update.Peers.Count + update.RemovedPeers.Count > 0;
        if (!_begun)
        {
            // The node may still follow the table of an earlier session, whatever is left of that.
            (_begun, update.Complete) = (true, true);
            isNews = true;
        }
        // The node waits for the last part of what it has begun.
        isNews |= isClosing;
        lock (_gate)
        {
            _changed.UnionWith(left);
            _sending = more;
            if (isNews)
            {
                _sent = update.Revision;
                return update;
            }
            Settle();
        }
        return null;
    }

    /// <summary>The node has put the table of a revision into force.</summary>
    public void Acknowledge(ulong revision)
    {
        lock (_gate)
        {
            _inForce = Math.Max(_inForce, Math.Min(revision, _sent));
            Settle();
        }
    }

    /// <summary>Completes when the node's table is at least as new as the state of an index, or the session has ended.</summary>
    public Task SettledAsync(ulong index)
    {
        lock (_gate)
        {
            if (IsSettled(index))
            {
                return Task.CompletedTask;
            }
            var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((index, settled));
            return settled.Task;
        }
    }

    /// <summary>The session has ended: nobody waits for its node any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            Settle();
        }
    }

    private bool IsSettled(ulong index) => _ended || _inForce >= index || (!_all && _changed.Count == 0 && !_sending && _inForce >= _sent);

    private void Settle()
    {
        foreach (var (_, settled) in _waiting.Where(w => IsSettled(w.Index)))
        {
            settled.TrySetResult();
        }
        _waiting.RemoveAll(static w => w.Settled.Task.IsCompleted);
    }

    /// <returns>Services that this update has no room for.</returns>
    private List<string> AddServices(V1.ForwardingUpdate update, HashSet<string> changed, ClusterState state)
    {
        var left = new List<string>();
        var bytes = 0;
        foreach (var id in changed.Order(StringComparer.Ordinal))
        {
            if (bytes > SessionParts.AssignmentBytes)
            {
                left.Add(id);
                continue;
            }
            if (ForwardingTables.ServiceOf(state, id) is not { } service)
            {
                if (_services.Remove(id))
                {
                    update.RemovedServices.Add(id);
                    bytes += 32;
                }
            }
            else if (!_services.TryGetValue(id, out var sent) || sent != service)
            {
                _services[id] = service;
                var wire = ForwardingMapping.ToWire(service);
                update.Services.Add(wire);
                bytes += wire.CalculateSize();
            }
        }
        return left;
    }

    private void AddPeers(V1.ForwardingUpdate update, ClusterState state)
    {
        var gone = new HashSet<string>(_peers.Keys, StringComparer.Ordinal);
        foreach (var node in state.Nodes)
        {
            if (ForwardingTables.PeerOf(node) is not { } peer)
            {
                continue;
            }
            gone.Remove(peer.NodeId);
            if (!_peers.TryGetValue(peer.NodeId, out var sent) || sent != peer)
            {
                _peers[peer.NodeId] = peer;
                update.Peers.Add(ForwardingMapping.ToWire(peer));
            }
        }
        foreach (var id in gone.Order(StringComparer.Ordinal))
        {
            _peers.Remove(id);
            update.RemovedPeers.Add(id);
        }
    }
}
