using System.Collections.Concurrent;
using Swarm.Core.State;
using Swarm.Daemon.Manager;

namespace Swarm.Daemon.DockerSwarm;

/// <summary>The services and nodes as the engine has them. What it said of a new version is shown from the very moment on at which the state shows what was read
/// from it: whoever takes both within one read of the state has a pair of the same version, and a change that was worked out on the one is written into the
/// other.</summary>
/// <remarks>One thread learns; readers may come at any time.</remarks>
internal sealed class MirroredObjects : IStateObserver
{
    private readonly ConcurrentDictionary<string, MirroredService> _services = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MirroredNode> _nodes = new(StringComparer.Ordinal);

    /// <summary>Of versions that the state does not show yet.</summary>
    private readonly Dictionary<string, MirroredService> _nextServices = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MirroredNode> _nextNodes = new(StringComparer.Ordinal);

    public MirroredObjects(StateStore store) => store.Add(this);

    public ICollection<string> ServiceIds => _services.Keys;

    public MirroredService? Service(string id) => _services.GetValueOrDefault(id);

    public MirroredNode? Node(string id) => _nodes.GetValueOrDefault(id);

    /// <summary>A new look: what the last one learned and the state never showed is forgotten.</summary>
    public void Begin()
    {
        _nextServices.Clear();
        _nextNodes.Clear();
    }

    /// <returns>Whether it is of another version than the state shows.</returns>
    public bool Learn(string id, MirroredService service)
    {
        if (_services.TryGetValue(id, out var before) && before.Version == service.Version)
        {
            _services[id] = service;
            return false;
        }
        _nextServices[id] = service;
        return true;
    }

    /// <inheritdoc cref="Learn(string, MirroredService)"/>
    public bool Learn(string id, MirroredNode node)
    {
        if (_nodes.TryGetValue(id, out var before) && before.Version == node.Version)
        {
            // Who leads, and who is reachable, changes without a new version.
            _nodes[id] = node;
            return false;
        }
        _nextNodes[id] = node;
        return true;
    }

    void IStateObserver.OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        foreach (var change in changes)
        {
            switch (change)
            {
                case ChangedObject.OfService { After: { } service }
                    when _nextServices.TryGetValue(service.Id, out var next) && next.Version == service.Version:
                    _services[service.Id] = next;
                    break;
                case ChangedObject.OfService { After: null, Before: { } gone }:
                    _services.TryRemove(gone.Id, out _);
                    break;
                case ChangedObject.OfNode { After: { } node }
                    when _nextNodes.TryGetValue(node.Id, out var next) && next.Version == node.Version:
                    _nodes[node.Id] = next;
                    break;
                case ChangedObject.OfNode { After: null, Before: { } gone }:
                    _nodes.TryRemove(gone.Id, out _);
                    break;
                default:
                    break;
            }
        }
    }

    void IStateObserver.OnRestored()
    {
        _services.Clear();
        _nodes.Clear();
    }
}
