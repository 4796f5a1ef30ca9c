using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Converts Docker's service spec to ours. Options that our spec does not have are not read, and stay unchanged when the spec is
/// written back.</summary>
/// <remarks>Source of the defaults of absent properties: moby daemon/cluster/convert and moby/swarmkit api/defaults.</remarks>
internal static class DockerSpecReader
{
    public static ServiceSpec Read(JsonObject spec)
    {
        var template = spec.Object("TaskTemplate");
        return new ServiceSpec
        {
            Name = spec.Text("Name"),
            Labels = spec.Map("Labels"),
            Container = Container(template.Object("ContainerSpec")),
            Resources = Resources(template.Object("Resources")),
            Restart = Restart(template.Object("RestartPolicy")),
            Placement = Placement(template.Object("Placement")),
            Mode = Mode(spec.Object("Mode")),
            Update = Update(spec.Object("UpdateConfig")),
            Rollback = Update(spec.Object("RollbackConfig")),
            ForceUpdate = template.Unsigned("ForceUpdate") ?? 0,
            Networks = NetworksOf(spec) is { } networks ? networks.Select(static n => n.Text("Target")).ToValueList() : [],
            Ports = Ports(spec.Object("EndpointSpec")),
        };
    }

    /// <summary>Identifies a task template: tasks show their template without the runtime.</summary>
    public static string TemplateKey(JsonObject? template)
    {
        if (template is null)
        {
            return "";
        }
        var key = new System.Text.StringBuilder();
        foreach (var (name, value) in template)
        {
            if (name != "Runtime")
            {
                key.Append(name).Append('=').Append(value?.ToJsonString()).Append('\n');
            }
        }
        return key.ToString();
    }

    /// <summary>Ids, or names if the client gave these. Old clients put them beside the template.</summary>
    public static JsonArray? NetworksOf(JsonObject spec) => spec.Object("TaskTemplate").Array("Networks") ?? spec.Array("Networks");

    public static PublishedPort Port(JsonNode? port) =>
        new()
        {
            Target = (uint)(port.Number("TargetPort") ?? 0),
            Published = (uint)(port.Number("PublishedPort") ?? 0),
            Protocol = port.Text("Protocol") switch
            {
                "udp" => PortProtocol.Udp,
                "sctp" => PortProtocol.Sctp,
                _ => PortProtocol.Tcp,
            },
            Mode = port.Text("PublishMode") == "host" ? PublishMode.Host : PublishMode.Ingress,
        };

    /// <param name="endpoint">An EndpointSpec, or the engine's Endpoint.</param>
    public static ValueList<PublishedPort> Ports(JsonObject? endpoint) =>
        endpoint.Array("Ports") is { } ports ? ports.Select(Port).ToValueList() : [];

    /// <summary>The platforms as <c>os/architecture</c>, or <c>os</c> for any architecture.</summary>
    public static ValueList<string> Platforms(JsonArray? platforms) =>
        (platforms ?? [])
            .Select(static p => p.Text("Architecture") is { Length: > 0 } architecture ? $"{p.Text("OS")}/{architecture}" : p.Text("OS"))
            .ToValueList();

    public static Mount Mount(JsonNode? mount) =>
        new()
        {
            Type = mount.Text("Type") switch
            {
                "bind" => MountType.Bind,
                "tmpfs" => MountType.Tmpfs,
                _ => MountType.Volume,
            },
            Source = mount.Text("Source"),
            Target = mount.Text("Target"),
            ReadOnly = mount.Flag("ReadOnly"),
            TmpfsSizeBytes = (ulong)(mount.Object("TmpfsOptions").Number("SizeBytes") ?? 0),
            TmpfsMode = (uint)(mount.Object("TmpfsOptions").Number("Mode") ?? 0),
            VolumeDriver = mount.Object("VolumeOptions").Object("DriverConfig").Text("Name"),
            VolumeLabels = mount.Object("VolumeOptions").Map("Labels"),
        };

    private static ContainerSpec Container(JsonObject? c) =>
        new()
        {
            Image = c.Text("Image"),
            Entrypoint = c.Texts("Command"),
            Command = c.Texts("Args"),
            Env = c.Texts("Env"),
            Dir = c.Text("Dir"),
            User = c.Text("User"),
            Groups = c.Texts("Groups"),
            Hostname = c.Text("Hostname"),
            Labels = c.Map("Labels"),
            Mounts = c.Array("Mounts") is { } mounts ? mounts.Select(Mount).ToValueList() : [],
            HealthCheck = c.Object("Healthcheck") is { } h
                ? new HealthCheck
                {
                    Test = h.Texts("Test"),
                    Interval = h.Duration("Interval") ?? TimeSpan.Zero,
                    Timeout = h.Duration("Timeout") ?? TimeSpan.Zero,
                    StartPeriod = h.Duration("StartPeriod") ?? TimeSpan.Zero,
                    Retries = (uint)(h.Number("Retries") ?? 0),
                }
                : null,
            StopSignal = c.Text("StopSignal"),
            StopGracePeriod = c.Duration("StopGracePeriod") ?? TimeSpan.FromSeconds(10),
            CapabilityAdd = c.Texts("CapabilityAdd"),
            CapabilityDrop = c.Texts("CapabilityDrop"),
            ReadOnly = c.Flag("ReadOnly"),
            Init = c.Flag("Init"),
            Tty = c.Flag("TTY"),
        };

    private static ResourceRequirements Resources(JsonObject? r) =>
        new()
        {
            Limits = Amount(r.Object("Limits")),
            Reservations = Amount(r.Object("Reservations")),
            PidsLimit = r.Object("Limits").Number("Pids") ?? 0,
        };

    private static ResourceAmount Amount(JsonObject? a) => new(a.Number("NanoCPUs") ?? 0, a.Number("MemoryBytes") ?? 0);

    private static RestartPolicy Restart(JsonObject? r) =>
        r is null
            ? RestartPolicy.Default
            : new RestartPolicy
            {
                Condition = r.Text("Condition") switch
                {
                    "none" => RestartCondition.None,
                    "on-failure" => RestartCondition.OnFailure,
                    _ => RestartCondition.Any,
                },
                Delay = r.Duration("Delay") ?? RestartPolicy.Default.Delay,
                MaxAttempts = r.Unsigned("MaxAttempts") ?? 0,
                Window = r.Duration("Window") ?? TimeSpan.Zero,
            };

    private static Placement Placement(JsonObject? p) =>
        new()
        {
            Constraints = p.Texts("Constraints"),
            SpreadPreferences = p.Array("Preferences") is { } preferences
                ? preferences.Select(static f => f.Object("Spread").Text("SpreadDescriptor")).ToValueList()
                : [],
            MaxReplicasPerNode = p.Unsigned("MaxReplicas") ?? 0,
            Platforms = Platforms(p.Array("Platforms")),
        };

    private static ServiceMode Mode(JsonObject? mode)
    {
        if (mode.Object("Global") is not null || mode.Object("GlobalJob") is not null)
        {
            return new ServiceMode.Global();
        }
        // A job's tasks are counted as replicas; that it is a job stays in Docker's spec.
        return mode.Object("ReplicatedJob") is { } job
            ? new ServiceMode.Replicated(job.Unsigned("TotalCompletions") ?? job.Unsigned("MaxConcurrent") ?? 1)
            : new ServiceMode.Replicated(mode.Object("Replicated").Unsigned("Replicas") ?? 1);
    }

    private static UpdateConfig Update(JsonObject? u) =>
        u is null
            ? UpdateConfig.Default
            : new UpdateConfig
            {
                Parallelism = u.Unsigned("Parallelism") ?? 0,
                Delay = u.Duration("Delay") ?? TimeSpan.Zero,
                Monitor = u.Duration("Monitor") ?? UpdateConfig.Default.Monitor,
                FailureAction = u.Text("FailureAction") switch
                {
                    "continue" => FailureAction.Continue,
                    "rollback" => FailureAction.Rollback,
                    _ => FailureAction.Pause,
                },
                MaxFailureRatio = u.Real("MaxFailureRatio") ?? 0,
                Order = u.Text("Order") == "start-first" ? UpdateOrder.StartFirst : UpdateOrder.StopFirst,
            };
}
