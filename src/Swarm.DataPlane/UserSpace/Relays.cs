using System.Collections.Concurrent;

namespace Swarm.DataPlane.UserSpace;

/// <summary>The connections that the node's published TCP ports hold.</summary>
internal sealed class Relays(int limit) : IDisposable
{
    private readonly ConcurrentDictionary<Relay, bool> _relays = new();

    /// <summary>A place for each connection. A listener accepts nobody without one.</summary>
    public SemaphoreSlim Places { get; } = new(limit);

    public int Count => _relays.Count;

    public async Task RunAsync(Relay relay)
    {
        _relays[relay] = true;
        try
        {
            await relay.RunAsync();
        }
        finally
        {
            _relays.TryRemove(relay, out _);
            relay.Dispose();
        }
    }

    /// <summary>Resets the connections to tasks of nodes that are gone: nobody else would ever end them.</summary>
    public void ResetThoseTo(Func<string, bool> isGone)
    {
        foreach (var (relay, _) in _relays)
        {
            if (isGone(relay.NodeId))
            {
                relay.Reset();
            }
        }
    }

    public void Dispose()
    {
        foreach (var (relay, _) in _relays)
        {
            relay.Reset();
        }
        Places.Dispose();
    }
}
