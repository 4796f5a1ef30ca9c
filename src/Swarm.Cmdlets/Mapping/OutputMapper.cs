using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Swarm.Cmdlets.Mapping;

/// <summary>Maps the wire's messages to the plain output objects.</summary>
internal static class OutputMapper
{
    private const double NanoCpus = 1e9;

    public static Cluster ToCluster(V1.DaemonInfo daemon, V1.Cluster? cluster) =>
        ReadObjects.Remember(ClusterOf(daemon, cluster), () => ClusterOf(daemon, cluster));

    private static Cluster ClusterOf(V1.DaemonInfo daemon, V1.Cluster? cluster) =>
        new()
        {
            Id = cluster?.Id ?? daemon.ClusterId,
            State = (LocalNodeState)daemon.State,
            StateMessage = daemon.StateMessage,
            NodeId = cluster?.NodeId is { Length: > 0 } id ? id : daemon.NodeId,
            NodeAddress = cluster?.NodeAddress is { Length: > 0 } address ? address : daemon.NodeAddress,
            IsManager = cluster?.IsManager ?? daemon.IsManager,
            ManagerAddresses = [.. cluster?.ManagerAddresses ?? daemon.ManagerAddresses],
            Managers = (int)(cluster?.Managers ?? 0),
            Nodes = (int)(cluster?.Nodes ?? 0),
            TaskHistoryLimit = cluster?.TaskHistoryLimit ?? 0,
            SnapshotInterval = (long)(cluster?.SnapshotInterval ?? 0),
            HeartbeatTick = (int)(cluster?.HeartbeatTick ?? 0),
            ElectionTick = (int)(cluster?.ElectionTick ?? 0),
            HeartbeatPeriod = Span(cluster?.HeartbeatPeriod) ?? TimeSpan.Zero,
            CertificateExpiry = Span(cluster?.CertificateExpiry) ?? TimeSpan.Zero,
            AutoLock = cluster?.Autolock ?? false,
            CaFingerprint = cluster?.CaFingerprint ?? "",
            CaExpiresAt = Time(cluster?.CaExpiresAt),
            CreatedAt = Time(cluster?.CreatedAt),
            UpdatedAt = Time(cluster?.UpdatedAt),
            Version = (long)(cluster?.Version ?? 0),
            Hostname = daemon.Hostname,
            DaemonVersion = daemon.Version,
            Executor = daemon.Executor,
            ControlPlane = daemon.ControlPlane,
        };

    /// <param name="credential">As the manager has it.</param>
    /// <param name="now">The moment of its state.</param>
    public static Credential ToCredential(V1.Credential credential, DateTime now) =>
        new()
        {
            Name = credential.Name,
            SerialNumber = credential.SerialNumber,
            State =
                credential.RevokedAt is not null ? CredentialState.Revoked
                : credential.ExpiresAt?.ToDateTime() <= now ? CredentialState.Expired
                : CredentialState.Valid,
            IssuedAt = Time(credential.IssuedAt),
            ExpiresAt = Time(credential.ExpiresAt),
            RevokedAt = Time(credential.RevokedAt),
        };

    public static Node ToNode(V1.Node n) => ReadObjects.Remember(NodeOf(n), () => NodeOf(n));

    private static Node NodeOf(V1.Node n)
    {
        var description = n.Description ?? new();
        return new Node
        {
            Id = n.Id,
            Name = n.Name,
            Hostname = description.Hostname.Length > 0 ? description.Hostname : n.Name,
            State = (NodeState)n.State,
            StateMessage = n.StateMessage,
            StateSince = Time(n.StateSince),
            Availability = (NodeAvailability)n.Availability,
            Role = (NodeRole)n.Role,
            ManagerStatus = n.ManagerStatus switch
            {
                null => ManagerReachability.None,
                { Leader: true } => ManagerReachability.Leader,
                { Reachable: true } => ManagerReachability.Reachable,
                _ => ManagerReachability.Unreachable,
            },
            ManagerAddress = n.ManagerStatus?.Address ?? "",
            Address = n.Address,
            Labels = Map(n.Labels),
            EngineLabels = Map(description.Engine?.Labels),
            Tasks = (int)n.Tasks,
            OperatingSystem = description.Platform?.Os ?? "",
            Architecture = description.Platform?.Architecture ?? "",
            Cpus = (description.Resources?.NanoCpus ?? 0) / NanoCpus,
            Memory = description.Resources?.MemoryBytes ?? 0,
            EngineVersion = description.Engine?.Version ?? "",
            Plugins = [.. description.Engine?.Plugins ?? []],
            Executor = description.Executor,
            DaemonVersion = description.SwarmdVersion,
            Warnings = [.. description.Warnings],
            IsSelf = n.Self,
            JoinedAt = Time(n.CreatedAt),
            UpdatedAt = Time(n.UpdatedAt),
            Version = (long)n.Version,
        };
    }

    public static Service ToService(V1.Service service) => ServiceMapper.ToService(service);

    public static ServiceRevision ToRevision(V1.ServiceRevision r) =>
        new()
        {
            ServiceId = r.ServiceId,
            ServiceName = r.ServiceName,
            Number = (long)r.Number,
            IsCurrent = r.Current,
            Running = (long)r.RunningTasks,
            Image = r.Spec?.Container?.Image ?? "",
            Replicas = r.Spec?.ModeCase == V1.ServiceSpec.ModeOneofCase.Replicated ? (long)r.Spec.Replicated.Replicas : null,
            Changes = [.. r.Changes],
            CreatedAt = Time(r.CreatedAt),
        };

    public static Task ToTask(V1.Task t)
    {
        var status = t.Status ?? new();
        return new Task
        {
            Id = t.Id,
            Name = t.Name,
            ServiceId = t.ServiceId,
            ServiceName = t.ServiceName,
            Slot = (long)t.Slot,
            Node = t.NodeName,
            NodeId = t.NodeId,
            NodeState = t.NodeId.Length == 0 ? null : (NodeState)t.NodeState,
            Image = t.Image,
            DesiredState = (TaskState)t.DesiredState,
            State = (TaskState)status.State,
            StateSince = Time(status.Timestamp),
            Message = status.Message,
            Error = status.Error,
            PendingReasons =
            [
                .. t.Pending.Select(p => new PendingReason
                {
                    Filter = p.Filter,
                    Nodes = (int)p.Nodes,
                    Detail = p.Detail,
                }),
            ],
            ExitCode = status.HasExitCode ? status.ExitCode : null,
            ContainerId = status.ContainerId,
            ContainerName = t.ContainerName,
            ProcessId = status.Pid,
            Revision = (long)t.Revision,
            CreatedAt = Time(t.CreatedAt),
            UpdatedAt = Time(t.UpdatedAt),
        };
    }

    public static PlacementResult ToPlacement(V1.NodePlacement p, string service) =>
        new()
        {
            ServiceName = service,
            NodeId = p.NodeId,
            Node = p.NodeName,
            Suitable = p.Suitable,
            Rank = (int)p.Rank,
            Filter = p.Filter,
            Detail = p.Detail,
            ServiceTasks = (int)p.ServiceTasks,
            TotalTasks = (int)p.TotalTasks,
        };

    public static PlannedAction ToPlannedAction(V1.PreviewAction a) =>
        new()
        {
            Action = a.Action,
            Task = a.TaskName,
            TaskId = a.TaskId,
            Node = a.NodeName,
            Detail = a.Detail,
        };

    public static SwarmEvent ToEvent(V1.Event e) =>
        new()
        {
            Time = Time(e.Time),
            Kind = System.Enum.TryParse<EventKind>(e.Kind, ignoreCase: true, out var kind) ? kind : EventKind.Cluster,
            Action = e.Action,
            Id = e.Id,
            Name = e.Name,
            Detail = e.Detail,
            Index = (long)e.Index,
        };

    public static JoinToken ToJoinToken(V1.JoinTokens tokens, NodeRole role)
    {
        var token = role == NodeRole.Manager ? tokens.Manager : tokens.Worker;
        return new JoinToken
        {
            Role = role,
            Token = token,
            ManagerAddress = tokens.ManagerAddress,
            JoinCommand = JoinCommand(token, tokens.ManagerAddress),
        };
    }

    public static string JoinCommand(string token, string managerAddress) => $"Join-Swarm -Token {token} -RemoteAddress {managerAddress}";

    public static Network ToNetwork(V1.Network n) =>
        new()
        {
            Id = n.Id,
            Name = n.Name,
            Driver = n.Driver,
            Scope = n.Scope,
            Attachable = n.Attachable,
            Internal = n.Internal,
            Ingress = n.Ingress,
            IPv6 = n.Ipv6,
            Encrypted = n.Encrypted,
            Subnet = [.. n.Subnets.Select(c => c.Subnet)],
            Gateway = [.. n.Subnets.Select(c => c.Gateway).Where(g => g.Length > 0)],
            Labels = Map(n.Labels),
            Options = Map(n.Options),
            CreatedAt = Time(n.CreatedAt),
        };

    internal static Dictionary<string, string> Map(MapField<string, string>? map) =>
        map is null ? [] : new(map.OrderBy(p => p.Key, StringComparer.Ordinal), StringComparer.Ordinal);

    private static TimeSpan? Span(Duration? duration) => duration?.ToTimeSpan();

    internal static DateTime? Time(Timestamp? time) => time?.ToDateTime().ToLocalTime();
}
