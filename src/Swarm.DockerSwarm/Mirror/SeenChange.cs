using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>A change and what it was worked out on: our record and the engine's of the same version. It is sent on that version, so that the engine refuses it
/// when somebody else was faster, however much the mirror has seen since.</summary>
/// <param name="Change">What is asked for.</param>
/// <param name="Service">As our model has it.</param>
/// <param name="MirroredService">As the engine has it.</param>
/// <param name="Earlier">The revision of the service that the change goes back to, if it does.</param>
/// <param name="Node">As our model has it.</param>
/// <param name="MirroredNode">As the engine has it.</param>
internal sealed record SeenChange(
    StateChange Change,
    Service? Service = null,
    MirroredService? MirroredService = null,
    SeenRevision? Earlier = null,
    Node? Node = null,
    MirroredNode? MirroredNode = null
)
{
    /// <summary>Within the same read of the state that the change was worked out in.</summary>
    public static SeenChange Of(StateChange change, ClusterState state, DockerMirror mirror, RevisionLedger ledger)
    {
        switch (change)
        {
            case StateChange.ServiceSpecSet c:
                var service = state.FindService(c.ServiceId);
                // The ledger may be ahead of the state, and know a number by which the change means a new revision.
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
