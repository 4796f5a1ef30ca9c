using Swarm.Control.State;
using Swarm.Core.State;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>The services and nodes as the engine has them. A new version of the engine's JSON becomes visible at the same moment as the
/// state that was read from it. A caller that takes both within one read of the state gets the same version of both. So a change that was
/// computed on the state can be written into the JSON.</summary>
internal sealed class MirroredObjects : IStateObserver
{
    public MirroredObjects(StateStore store) => store.Add(this);

    public MirroredTable<MirroredService> Services { get; } = new();

    public MirroredTable<MirroredNode> Nodes { get; } = new();

    /// <inheritdoc cref="MirroredTable{T}.Begin"/>
    public void Begin()
    {
        Services.Begin();
        Nodes.Begin();
    }

    void IStateObserver.OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
    {
        foreach (var change in changes)
        {
            switch (change)
            {
                case ChangedObject.OfService { After: { } service }:
                    Services.Show(service.Id, service.Version);
                    break;
                case ChangedObject.OfService { Before: { } gone }:
                    Services.Remove(gone.Id);
                    break;
                case ChangedObject.OfNode { After: { } node }:
                    Nodes.Show(node.Id, node.Version);
                    break;
                case ChangedObject.OfNode { Before: { } gone }:
                    Nodes.Remove(gone.Id);
                    break;
                default:
                    break;
            }
        }
    }

    void IStateObserver.OnRestored()
    {
        Services.Clear();
        Nodes.Clear();
    }
}
