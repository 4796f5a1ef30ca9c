using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>One committed change. A batch of them is one log entry; every manager applies them in log order.</summary>
/// <remarks>Changes are field-level, so that an agent's report, a user's write and the control loop's plan made at the same time do not undo each
/// other. A change of an object that is gone by the time it is applied does nothing: every manager decides that alike.</remarks>
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

    /// <summary>Raises the desired state. A lower one than the task has is ignored.</summary>
    public sealed record TaskDesire(string TaskId, TaskState DesiredState) : StateChange;

    /// <summary>An observed status. One that would move the task backwards is ignored. <paramref name="At"/> is when the manager learned of it, by its own clock;
    /// null: the status is the manager's own, and its time will do.</summary>
    public sealed record TaskObserve(string TaskId, TaskStatus Status, DateTimeOffset? At = null) : StateChange;

    public sealed record TaskPendingSet(string TaskId, PendingReasons? Reasons) : StateChange;

    public sealed record TaskRemove(string TaskId) : StateChange;

    // -- requests
    /// <summary>Records the outcome of an API write under the caller's request id, so that a retry is answered from it.</summary>
    public sealed record RequestRecord(string RequestId, string ResultId, DateTimeOffset At) : StateChange;
}
