using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Swarm.Cmdlets.Mapping;

/// <summary>Maps the wire's messages to the plain output objects.</summary>
internal static class OutputMapper
{
    private const double NanoCpus = 1e9;

    public static Cluster ToCluster(V1.DaemonInfo daemon, V1.Cluster? cluster) =>
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

    public static Node ToNode(V1.Node n)
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
            IsSelf = n.Self,
            JoinedAt = Time(n.CreatedAt),
            UpdatedAt = Time(n.UpdatedAt),
            Version = (long)n.Version,
        };
    }

    public static Service ToService(V1.Service s)
    {
        var spec = s.Spec ?? new();
        var container = spec.Container ?? new();
        var limits = spec.Resources?.Limits ?? new();
        var reservations = spec.Resources?.Reservations ?? new();
        var global = spec.ModeCase == V1.ServiceSpec.ModeOneofCase.Global;
        return new Service
        {
            Id = s.Id,
            Name = spec.Name,
            Mode = global ? ServiceMode.Global : ServiceMode.Replicated,
            Replicas = global ? (long)s.DesiredTasks : (long)(spec.Replicated?.Replicas ?? 0),
            Running = (long)s.RunningTasks,
            Image = container.Image,
            Command = [.. container.Command],
            Entrypoint = [.. container.Entrypoint],
            Env = [.. container.Env],
            Labels = Map(spec.Labels),
            ContainerLabels = Map(container.Labels),
            Constraints = [.. spec.Placement?.Constraints ?? []],
            PlacementPreferences = [.. (spec.Placement?.SpreadPreferences ?? []).Select(p => "spread=" + p)],
            MaxReplicasPerNode = (long)(spec.Placement?.MaxReplicasPerNode ?? 0),
            ReserveCpu = reservations.NanoCpus / NanoCpus,
            ReserveMemory = reservations.MemoryBytes,
            LimitCpu = limits.NanoCpus / NanoCpus,
            LimitMemory = limits.MemoryBytes,
            LimitPids = spec.Resources?.PidsLimit ?? 0,
            Mounts = [.. container.Mounts.Select(ToMount)],
            Networks = [.. spec.Networks],
            Ports = [.. (s.PublishedPorts.Count > 0 ? s.PublishedPorts : spec.Ports).Select(ToPort)],
            User = container.User,
            Groups = [.. container.Groups],
            WorkingDirectory = container.Dir,
            HostName = container.Hostname,
            StopSignal = container.StopSignal,
            StopGracePeriod = Span(container.StopGracePeriod),
            CapAdd = [.. container.CapabilityAdd],
            CapDrop = [.. container.CapabilityDrop],
            ReadOnly = container.ReadOnly,
            Init = container.Init,
            Tty = container.Tty,
            HealthCheck = container.HealthCheck is { } health ? ToHealthCheck(health) : null,
            RestartCondition = (RestartCondition)(spec.RestartPolicy?.Condition ?? 0),
            RestartDelay = Span(spec.RestartPolicy?.Delay),
            RestartMaxAttempts = (long)(spec.RestartPolicy?.MaxAttempts ?? 0),
            RestartWindow = Span(spec.RestartPolicy?.Window),
            UpdateConfig = ToUpdateConfig(spec.Update),
            RollbackConfig = ToUpdateConfig(spec.Rollback),
            UpdateStatus = ToUpdateStatus(s.UpdateStatus),
            Revision = (long)s.Revision,
            PreviousImage = s.PreviousSpec?.Container?.Image,
            ForceUpdate = (long)spec.ForceUpdate,
            CreatedAt = Time(s.CreatedAt),
            UpdatedAt = Time(s.UpdatedAt),
            Version = (long)s.Version,
        };
    }

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

    public static PlacementResult ToPlacement(V1.NodePlacement p) =>
        new()
        {
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

    private static PublishedPort ToPort(V1.PublishedPort p) =>
        new()
        {
            Published = (int)p.PublishedPort_,
            Target = (int)p.TargetPort,
            Protocol = (PortProtocol)p.Protocol,
            Mode = (PublishMode)p.Mode,
        };

    private static Mount ToMount(V1.Mount m) =>
        new()
        {
            Type = (MountType)m.Type,
            Source = m.Source,
            Target = m.Target,
            ReadOnly = m.ReadOnly,
            TmpfsSize = (long)m.TmpfsSizeBytes,
            TmpfsMode = (int)m.TmpfsMode,
            VolumeDriver = m.VolumeDriver,
            VolumeLabels = Map(m.VolumeLabels),
        };

    private static HealthCheck ToHealthCheck(V1.HealthCheck h) =>
        new()
        {
            Test = [.. h.Test],
            Interval = Span(h.Interval),
            Timeout = Span(h.Timeout),
            StartPeriod = Span(h.StartPeriod),
            Retries = (int)h.Retries,
        };

    private static UpdateConfig ToUpdateConfig(V1.UpdateConfig? u) =>
        new()
        {
            Parallelism = (long)(u?.Parallelism ?? 1),
            Delay = Span(u?.Delay) ?? TimeSpan.Zero,
            Monitor = Span(u?.Monitor) ?? TimeSpan.Zero,
            FailureAction = (FailureAction)(u?.FailureAction ?? 0),
            MaxFailureRatio = u?.MaxFailureRatio ?? 0,
            Order = (UpdateOrder)(u?.Order ?? 0),
        };

    private static UpdateStatus? ToUpdateStatus(V1.UpdateStatus? u) =>
        u is null || u.State == V1.UpdateState.None
            ? null
            : new UpdateStatus
            {
                State = (UpdateState)u.State,
                StartedAt = Time(u.StartedAt),
                CompletedAt = Time(u.CompletedAt),
                Message = u.Message,
            };

    private static Dictionary<string, string> Map(MapField<string, string>? map) =>
        map is null ? [] : new(map.OrderBy(p => p.Key, StringComparer.Ordinal), StringComparer.Ordinal);

    private static TimeSpan? Span(Duration? duration) => duration?.ToTimeSpan();

    private static DateTime? Time(Timestamp? time) => time?.ToDateTime().ToLocalTime();
}
