using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>A committed change. A log entry is a batch of them; every manager applies them in log order.</summary>
/// <remarks>Changes are field-level. An agent's report, a user's write and the control loop's plan of the same moment do not undo each
/// other. A change of an object that is already gone does nothing, on every manager alike.</remarks>
public abstract record StateChange
{
    private StateChange() { }

    // -- cluster
    public sealed record ClusterSet(Cluster Cluster) : StateChange;

    // -- nodes
    public sealed record NodeCreate(Node Node) : StateChange;

    public sealed record NodeSpecSet(string NodeId, NodeSpec Spec, DateTimeOffset At) : StateChange;

    public sealed record NodeStatusSet(string NodeId, NodeStatus Status, DateTimeOffset At) : StateChange;

    public sealed record NodeDescriptionSet(string NodeId, NodeDescription Description, DateTimeOffset At) : StateChange;

    public sealed record NodeRoleSet(string NodeId, NodeRole Role, DateTimeOffset At) : StateChange;

    public sealed record NodeRemove(string NodeId) : StateChange;

    // -- services
    /// <summary>Creates the service and its revision 1.</summary>
    public sealed record ServiceCreate(Service Service, RegistryCredential? RegistryCredential) : StateChange;

    /// <summary>A new spec. <paramref name="Revision"/> is the number it gets: the current one when only scale or labels change, else the next.</summary>
    public sealed record ServiceSpecSet(
        string ServiceId,
        ServiceSpec Spec,
        ulong Revision,
        RegistryCredential? RegistryCredential,
        UpdateStatus? UpdateStatus,
        DateTimeOffset At
    ) : StateChange;

    public sealed record ServiceUpdateStatusSet(string ServiceId, UpdateStatus? Status, DateTimeOffset At) : StateChange;

    public sealed record ServiceRemove(string ServiceId) : StateChange;

    public sealed record RevisionRemove(string ServiceId, ulong Number) : StateChange;

    // -- tasks
    public sealed record TaskCreate(SwarmTask Task) : StateChange;

    /// <summary>The scheduler's choice: sets node and state Assigned, clears the pending reasons.</summary>
    public sealed record TaskAssign(string TaskId, string NodeId, DateTimeOffset At) : StateChange;

    /// <summary>Raises the desired state. A lower desired state than the task's current one is ignored.</summary>
    public sealed record TaskDesire(string TaskId, TaskState DesiredState) : StateChange;

    /// <summary>An observed status. A status that would move the task backwards is ignored. <paramref name="At"/> is the moment at which
    /// the manager
    /// learned of it, by its own clock; null: the manager made the status, so its timestamp counts.</summary>
    public sealed record TaskObserve(string TaskId, TaskStatus Status, DateTimeOffset? At = null) : StateChange;

    public sealed record TaskPendingSet(string TaskId, PendingReasons? Reasons) : StateChange;

    public sealed record TaskRemove(string TaskId) : StateChange;

    // -- requests
    /// <summary>Records the outcome of an API write under the caller's request id, so that a retry is answered from it.</summary>
    public sealed record RequestRecord(string RequestId, string ResultId, DateTimeOffset At) : StateChange;
}
