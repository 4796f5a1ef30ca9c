namespace Swarm.Core.Model;

/// <summary>The desired state of a service. Immutable. <see cref="TaskTemplateEquals"/> tells whether tasks must be replaced to go from one
/// spec to another.</summary>
public sealed record ServiceSpec
{
    /// <summary>Unique in the swarm, and a DNS name of one part: letters, digits, <c>-</c> and <c>_</c>, 1–63 characters, first and last alphanumeric.
    /// Services of earlier versions may have a <c>.</c> in it.</summary>
    public required string Name { get; init; }
    public ValueMap Labels { get; init; } = ValueMap.Empty;
    public required ServiceMode Mode { get; init; }
    public required ContainerSpec Container { get; init; }
    public ResourceRequirements Resources { get; init; } = ResourceRequirements.None;
    public RestartPolicy Restart { get; init; } = RestartPolicy.Default;
    public Placement Placement { get; init; } = Placement.Anywhere;
    public UpdateConfig Update { get; init; } = UpdateConfig.Default;
    public UpdateConfig Rollback { get; init; } = UpdateConfig.Default;

    /// <summary>A change of this number alone replaces every task (Docker's ForceUpdate).</summary>
    public ulong ForceUpdate { get; init; }

    /// <summary>Networks that the tasks are attached to. The control plane defines how they are named.</summary>
    public ValueList<string> Networks { get; init; } = [];

    /// <summary>Ports that the nodes publish. They are not part of the task template.</summary>
    public ValueList<PublishedPort> Ports { get; init; } = [];

    /// <summary>True when <paramref name="other"/> has the same task template, so that its tasks need not be replaced.</summary>
    /// <remarks>Scale, labels of the service, update and restart policy are not part of the task template. Placement is part of it, as in
    /// SwarmKit;
    /// the updater still keeps a task whose node satisfies the new constraints.</remarks>
    public bool TaskTemplateEquals(ServiceSpec other) =>
        ForceUpdate == other.ForceUpdate
        && Container.Equals(other.Container)
        && Resources.Equals(other.Resources)
        && Restart.Equals(other.Restart)
        && Placement.Equals(other.Placement)
        && Networks.Equals(other.Networks);
}

/// <summary>How many tasks a service has.</summary>
public abstract record ServiceMode
{
    private ServiceMode() { }

    /// <summary>A wanted number of tasks, each with a slot from 1 upwards.</summary>
    public sealed record Replicated(ulong Replicas) : ServiceMode;

    /// <summary>A task on every suitable node.</summary>
    public sealed record Global : ServiceMode;
}

/// <summary>The specification of a container (or process), in Docker's names.</summary>
public sealed record ContainerSpec
{
    public required string Image { get; init; }

    /// <summary>Replaces the image's entry point when not empty (Docker's Command).</summary>
    public ValueList<string> Entrypoint { get; init; } = [];

    /// <summary>Arguments (Docker's Args).</summary>
    public ValueList<string> Command { get; init; } = [];

    /// <summary><c>NAME=value</c>.</summary>
    public ValueList<string> Env { get; init; } = [];
    public string Dir { get; init; } = "";
    public string User { get; init; } = "";
    public ValueList<string> Groups { get; init; } = [];
    public string Hostname { get; init; } = "";
    public ValueMap Labels { get; init; } = ValueMap.Empty;
    public ValueList<Mount> Mounts { get; init; } = [];
    public HealthCheck? HealthCheck { get; init; }

    /// <summary>Empty: the image's stop signal, or SIGTERM.</summary>
    public string StopSignal { get; init; } = "";

    /// <summary>Time between the stop signal and SIGKILL. Docker's default: 10 s.</summary>
    public TimeSpan StopGracePeriod { get; init; } = TimeSpan.FromSeconds(10);
    public ValueList<string> CapabilityAdd { get; init; } = [];
    public ValueList<string> CapabilityDrop { get; init; } = [];
    public bool ReadOnly { get; init; }
    public bool Init { get; init; }
    public bool Tty { get; init; }

    /// <summary>Kernel parameters of the container's own namespaces: <c>net.core.somaxconn</c> and its value.</summary>
    public ValueMap Sysctls { get; init; } = ValueMap.Empty;
}

/// <summary>Docker's health check: <c>["NONE"]</c>, <c>["CMD", …]</c> or <c>["CMD-SHELL", line]</c>. Zero values mean Docker's defaults (30 s, 30 s, 0 s, 3).</summary>
public sealed record HealthCheck
{
    public required ValueList<string> Test { get; init; }
    public TimeSpan Interval { get; init; }
    public TimeSpan Timeout { get; init; }
    public TimeSpan StartPeriod { get; init; }
    public uint Retries { get; init; }
}

/// <summary>A bind, volume or tmpfs mount.</summary>
public sealed record Mount
{
    public required MountType Type { get; init; }
    public string Source { get; init; } = "";
    public required string Target { get; init; }
    public bool ReadOnly { get; init; }

    /// <summary>Bytes; 0: no limit.</summary>
    public ulong TmpfsSizeBytes { get; init; }
    public uint TmpfsMode { get; init; }
    public string VolumeDriver { get; init; } = "";
    public ValueMap VolumeLabels { get; init; } = ValueMap.Empty;

    public override string ToString() =>
        $"{Type} {Source} at {Target}"
        + (ReadOnly ? ", read-only" : "")
        + (TmpfsSizeBytes > 0 ? $", size {TmpfsSizeBytes}" : "")
        + (TmpfsMode > 0 ? $", mode {Convert.ToString(TmpfsMode, 8)}" : "")
        + (VolumeDriver.Length > 0 ? $", driver {VolumeDriver}" : "")
        + (VolumeLabels.Count > 0 ? ", labels " + string.Join(", ", VolumeLabels.Select(e => $"{e.Key}={e.Value}")) : "");
}

/// <summary>CPU in nano-CPUs (1e9 = one CPU), memory in bytes. 0: none.</summary>
public sealed record ResourceAmount(long NanoCpus, long MemoryBytes)
{
    public static ResourceAmount Zero { get; } = new(0, 0);
}

/// <summary>Reservations steer the scheduler; limits are enforced on the node.</summary>
public sealed record ResourceRequirements
{
    public static ResourceRequirements None { get; } = new();
    public ResourceAmount Limits { get; init; } = ResourceAmount.Zero;
    public ResourceAmount Reservations { get; init; } = ResourceAmount.Zero;
    public long PidsLimit { get; init; }
}

/// <summary>When and how often an ended task is replaced. Docker's defaults: any, 5 s, no limit.</summary>
public sealed record RestartPolicy
{
    public static RestartPolicy Default { get; } = new();
    public RestartCondition Condition { get; init; } = RestartCondition.Any;

    /// <summary>The first delay. Repeated failures of a slot double it (see <c>RestartRules</c>).</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>0: no limit.</summary>
    public ulong MaxAttempts { get; init; }

    /// <summary>The period within which attempts are counted; zero: unlimited.</summary>
    public TimeSpan Window { get; init; }
}

/// <summary>Constraints, spread and limits that decide where tasks run.</summary>
public sealed record Placement
{
    public static Placement Anywhere { get; } = new();

    /// <summary><c>node.labels.zone==east</c>, <c>engine.labels.storage!=hdd</c>, …</summary>
    public ValueList<string> Constraints { get; init; } = [];

    /// <summary>Descriptors to spread over, most significant first: <c>node.labels.zone</c>.</summary>
    public ValueList<string> SpreadPreferences { get; init; } = [];

    /// <summary>0: no limit.</summary>
    public ulong MaxReplicasPerNode { get; init; }

    /// <summary>Platforms of the image, such as <c>linux/amd64</c>. The registry reports them when the digest is resolved. Empty: not
    /// known, so any platform. Users do not set it.</summary>
    public ValueList<string> Platforms { get; init; } = [];
}

/// <summary>How an update (or rollback) proceeds. Docker's defaults: 1 at a time, no delay, monitor 5 s, pause, ratio 0, stop-first.</summary>
public sealed record UpdateConfig
{
    public static UpdateConfig Default { get; } = new();

    /// <summary>0: all at once.</summary>
    public ulong Parallelism { get; init; } = 1;
    public TimeSpan Delay { get; init; }

    /// <summary>The period after a new task's start in which a failure counts against the update.</summary>
    public TimeSpan Monitor { get; init; } = TimeSpan.FromSeconds(5);
    public FailureAction FailureAction { get; init; } = FailureAction.Pause;

    /// <summary>Share of failed tasks (0–1) that is tolerated.</summary>
    public double MaxFailureRatio { get; init; }
    public UpdateOrder Order { get; init; } = UpdateOrder.StopFirst;
}

/// <summary>Credentials for a registry. Kept with the revision, never shown, sent only to agents that pull.</summary>
public sealed record RegistryCredential(string ServerAddress, string Username, string Password)
{
    /// <summary>Never prints the password.</summary>
    public override string ToString() => $"RegistryCredential {{ ServerAddress = {ServerAddress}, Username = {Username} }}";
}
