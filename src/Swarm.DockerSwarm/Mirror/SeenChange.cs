using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>A change together with the records that it was computed on: ours and the engine's of the same version. It is sent with that
/// version. The engine then refuses it when another client was faster, however much the mirror has seen since.</summary>
/// <param name="Change">The change.</param>
/// <param name="Service">The service in our model.</param>
/// <param name="MirroredService">The engine's service.</param>
/// <param name="Earlier">The revision of the service that the change goes back to, if it does.</param>
/// <param name="Node">The node in our model.</param>
/// <param name="MirroredNode">The engine's node.</param>
internal sealed record SeenChange(
    StateChange Change,
    Service? Service = null,
    MirroredService? MirroredService = null,
    SeenRevision? Earlier = null,
    Node? Node = null,
    MirroredNode? MirroredNode = null
)
{
    /// <summary>Call it within the same read of the state in which the change was computed.</summary>
    public static SeenChange Of(StateChange change, ClusterState state, DockerMirror mirror, RevisionLedger ledger)
    {
        switch (change)
        {
            case StateChange.ServiceSpecSet c:
                var service = state.FindService(c.ServiceId);
                // The ledger may be ahead of the state, and may already use the number that the change has for a new revision.
                var back = service is not null && c.Revision != service.Revision && state.FindRevision(c.ServiceId, c.Revision) is not null;
                return new SeenChange(change, service, mirror.Service(c.ServiceId), back ? ledger.Find(c.ServiceId, c.Revision) : null);
            case StateChange.NodeSpecSet c:
                return new SeenChange(change, Node: state.FindNode(c.NodeId), MirroredNode: mirror.Node(c.NodeId));
            case StateChange.NodeRemove c:
                return new SeenChange(change, Node: state.FindNode(c.NodeId));
            default:
                return new SeenChange(change);
        }
    }
}
