using Swarm.Core.Credentials;
using Swarm.Core.Model;
using Swarm.Core.Networking;

namespace Swarm.Core.State;

/// <summary>A committed change. A log entry is a batch of them; every manager applies them in log order.</summary>
/// <remarks>Changes are field-level. An agent's report, a user's write and the control loop's plan of the same moment do not undo each
/// other. A change of an object that is already gone does nothing, on every manager alike.</remarks>
public abstract record StateChange
{
    /// <summary>Bytes of a change's ids and of its punctuation in the log.</summary>
    private const int Frame = 160;

    private StateChange() { }

    /// <summary>Adds the objects and unique names that the change touches. Two commands that were checked against the same state share a
    /// batch only if they have no key in common.</summary>
    /// <param name="keys"><c>node:ID</c>, <c>nodename:NAME</c>, <c>service:ID</c>, <c>name:NAME</c>, <c>task:ID</c>, <c>network:ID</c>, <c>netname:NAME</c>, <c>networks</c>, <c>ports</c>, <c>credential:NUMBER-OR-NAME</c>, <c>request:ID</c> or <c>cluster</c>.</param>
    /// <param name="state">The state that the change was worked out against.</param>
    public abstract void AddKeys(ISet<string> keys, ClusterState state);

    /// <summary>The bytes that the change takes in the log, rounded up. Batches are divided by it, because the log refuses large ones.</summary>
    public abstract int EstimateSize();

    private static void AddNodeName(ISet<string> keys, string name) => keys.Add("nodename:" + name.ToUpperInvariant());

    /// <summary>Of two services that publish in one batch, the second was not checked against the first.</summary>
    private static void AddPorts(ISet<string> keys, ServiceSpec spec)
    {
        if (spec.Ports.Count > 0)
        {
            keys.Add("ports");
        }
    }

    private static void AddTask(ISet<string> keys, ClusterState state, string taskId)
    {
        keys.Add("task:" + taskId);
        if (state.FindTask(taskId) is { } task)
        {
            keys.Add("service:" + task.ServiceId);
        }
    }

    // -- cluster
    public sealed record ClusterSet(Cluster Cluster) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("cluster");

        public override int EstimateSize() => Frame + JsonSize.Of(Cluster);
    }

    // -- nodes
    public sealed record NodeCreate(Node Node) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            keys.Add("node:" + Node.Id);
            AddNodeName(keys, Node.Name);
        }

        public override int EstimateSize() => Frame + JsonSize.Of(Node);
    }

    public sealed record NodeSpecSet(string NodeId, NodeSpec Spec, DateTimeOffset At) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("node:" + NodeId);

        public override int EstimateSize() => Frame + JsonSize.Of(Spec);
    }

    public sealed record NodeStatusSet(string NodeId, NodeStatus Status, DateTimeOffset At) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("node:" + NodeId);

        public override int EstimateSize() => Frame + JsonSize.Of(Status);
    }

    /// <param name="Name">The name that the host name gives the node; null: it keeps the one that it has.</param>
    public sealed record NodeDescriptionSet(string NodeId, NodeDescription Description, DateTimeOffset At, string? Name = null)
        : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            keys.Add("node:" + NodeId);
            if (Name is not null)
            {
                AddNodeName(keys, Name);
            }
        }

        public override int EstimateSize() => Frame + JsonSize.Of(Description) + (Name is null ? 0 : JsonSize.Of(Name));
    }

    public sealed record NodeRoleSet(string NodeId, NodeRole Role, DateTimeOffset At) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("node:" + NodeId);

        public override int EstimateSize() => Frame;
    }

    /// <summary>Gives a node its <see cref="Node.Number"/>. It does nothing if the node has one, or another node has this one.</summary>
    public sealed record NodeNumberSet(string NodeId, uint Number) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("node:" + NodeId);

        public override int EstimateSize() => Frame;
    }

    public sealed record NodeRemove(string NodeId) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            keys.Add("node:" + NodeId);
            // The next node of that name joins after this batch.
            if (state.FindNode(NodeId) is { } node)
            {
                AddNodeName(keys, node.Name);
                foreach (var former in node.FormerNames)
                {
                    AddNodeName(keys, former);
                }
            }
        }

        public override int EstimateSize() => Frame;
    }

    // -- networks
    /// <summary>Creates a network with what the leader took from a copy of the pools. It does nothing if another network has a part of that.</summary>
    public sealed record NetworkCreate(Network Network) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            // Networks of one batch would be given the same subnet and tunnel id.
            keys.Add("networks");
            keys.Add("network:" + Network.Id);
            keys.Add("netname:" + Network.Spec.Name);
        }

        public override int EstimateSize() => Frame + JsonSize.Of(Network);
    }

    public sealed record NetworkRemove(string NetworkId) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            keys.Add("network:" + NetworkId);
            // The next network of that name is created after this batch.
            if (state.FindNetwork(NetworkId) is { } network)
            {
                keys.Add("netname:" + network.Spec.Name);
            }
        }

        public override int EstimateSize() => Frame;
    }

    // -- services
    /// <summary>Creates the service and its revision 1.</summary>
    public sealed record ServiceCreate(Service Service, RegistryCredential? RegistryCredential) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            keys.Add("service:" + Service.Id);
            keys.Add("name:" + Service.Spec.Name);
            AddPorts(keys, Service.Spec);
        }

        public override int EstimateSize() => Frame + 256 + JsonSize.Of(Service.Spec) + JsonSize.Of(RegistryCredential);
    }

    /// <summary>A new spec. <paramref name="Revision"/> is the number it gets: the current one when only scale or labels change, else the next.</summary>
    public sealed record ServiceSpecSet(
        string ServiceId,
        ServiceSpec Spec,
        ulong Revision,
        RegistryCredential? RegistryCredential,
        UpdateStatus? UpdateStatus,
        DateTimeOffset At
    ) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            keys.Add("service:" + ServiceId);
            AddPorts(keys, Spec);
        }

        public override int EstimateSize() => Frame + JsonSize.Of(Spec) + JsonSize.Of(RegistryCredential) + JsonSize.Of(UpdateStatus);
    }

    /// <summary>Where the update stands. It does nothing once another update began, see <see cref="Model.UpdateStatus.Number"/>.</summary>
    public sealed record ServiceUpdateStatusSet(string ServiceId, UpdateStatus? Status, DateTimeOffset At) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("service:" + ServiceId);

        public override int EstimateSize() => Frame + JsonSize.Of(Status);
    }

    public sealed record ServiceRemove(string ServiceId) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            keys.Add("service:" + ServiceId);
            // The next service of that name is created after this batch.
            if (state.FindService(ServiceId) is { } service)
            {
                keys.Add("name:" + service.Spec.Name);
            }
        }

        public override int EstimateSize() => Frame;
    }

    public sealed record RevisionRemove(string ServiceId, ulong Number) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("service:" + ServiceId);

        public override int EstimateSize() => Frame;
    }

    // -- tasks
    public sealed record TaskCreate(SwarmTask Task) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("service:" + Task.ServiceId);

        public override int EstimateSize() => Frame + 480 + JsonSize.Of(Task.Status) + JsonSize.Of(Task.Pending) + JsonSize.Of(Task.Ports);
    }

    /// <summary>The scheduler's choice: sets node and state Assigned, clears the pending reasons. <paramref name="Ports"/>: see
    /// <see cref="SwarmTask.Ports"/>.</summary>
    public sealed record TaskAssign(string TaskId, string NodeId, DateTimeOffset At, TaskPorts? Ports = null) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => AddTask(keys, state, TaskId);

        public override int EstimateSize() => Frame + JsonSize.Of(Ports);
    }

    /// <summary>Raises the desired state. A lower desired state than the task's current one is ignored.</summary>
    public sealed record TaskDesire(string TaskId, TaskState DesiredState) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => AddTask(keys, state, TaskId);

        public override int EstimateSize() => Frame;
    }

    /// <summary>An observed status. A status that would move the task backwards is ignored. <paramref name="At"/> is the moment at which
    /// the manager learned of it, by its own clock; null: the manager made the status, so its timestamp counts.</summary>
    public sealed record TaskObserve(string TaskId, TaskStatus Status, DateTimeOffset? At = null) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            // An observed status only moves forward and touches nothing else.
        }

        public override int EstimateSize() => Frame + JsonSize.Of(Status);
    }

    public sealed record TaskPendingSet(string TaskId, PendingReasons? Reasons) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => AddTask(keys, state, TaskId);

        public override int EstimateSize() => Frame + JsonSize.Of(Reasons);
    }

    public sealed record TaskRemove(string TaskId) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => AddTask(keys, state, TaskId);

        public override int EstimateSize() => Frame;
    }

    // -- administrators' certificates
    public sealed record CredentialIssue(IssuedCredential Credential) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state)
        {
            keys.Add("credential:" + Credential.SerialNumber);
            keys.Add("credential:" + Credential.Name);
        }

        public override int EstimateSize() => Frame + 128 + JsonSize.Of(Credential.SerialNumber) + JsonSize.Of(Credential.Name);
    }

    /// <summary>Refuses one certificate from now on.</summary>
    public sealed record CredentialRevoke(string SerialNumber, DateTimeOffset At) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("credential:" + SerialNumber);

        public override int EstimateSize() => Frame + JsonSize.Of(SerialNumber);
    }

    /// <summary>Refuses every certificate of the name that was made until <paramref name="At"/>.</summary>
    public sealed record CredentialNameRevoke(string Name, DateTimeOffset At) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("credential:" + Name);

        public override int EstimateSize() => Frame + JsonSize.Of(Name);
    }

    // -- requests
    /// <summary>Records the outcome of an API write under the caller's request id, so that a retry is answered from it.</summary>
    public sealed record RequestRecord(string RequestId, string ResultId, DateTimeOffset At) : StateChange
    {
        public override void AddKeys(ISet<string> keys, ClusterState state) => keys.Add("request:" + RequestId);

        public override int EstimateSize() => Frame + JsonSize.Of(RequestId) + JsonSize.Of(ResultId);
    }
}
