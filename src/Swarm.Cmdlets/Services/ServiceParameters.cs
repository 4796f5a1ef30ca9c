using System.Collections;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Services;

// The other options of a service: what New-SwarmService and Set-SwarmService set, and what Set-SwarmService takes away.
public abstract partial class ServiceSpecCmdlet
{
    [Parameter]
    public long Replicas { get; set; }

    [Parameter]
    [SpecField("placement.constraints")]
    [ArgumentCompleter(typeof(ConstraintCompleter))]
    public string[] Constraint { get; set; } = [];

    [Parameter]
    [SpecField("placement.spread_preferences")]
    [Spread]
    [ArgumentCompleter(typeof(SpreadCompleter))]
    public string[] PlacementPreference { get; set; } = [];

    [Parameter]
    [SpecField("placement.max_replicas_per_node")]
    [ValidateRange(0, long.MaxValue)]
    public long MaxReplicasPerNode { get; set; }

    [Parameter]
    [SpecField("resources.reservations.nano_cpus")]
    [Cpu]
    public decimal ReserveCpu { get; set; }

    [Parameter]
    [SpecField("resources.reservations.memory_bytes")]
    [Size]
    public long ReserveMemory { get; set; }

    [Parameter]
    [SpecField("resources.limits.nano_cpus")]
    [Cpu]
    public decimal LimitCpu { get; set; }

    [Parameter]
    [SpecField("resources.limits.memory_bytes")]
    [Size]
    public long LimitMemory { get; set; }

    [Parameter]
    [SpecField("resources.pids_limit")]
    [ValidateRange(0, long.MaxValue)]
    public long LimitPids { get; set; }

    [Parameter]
    [SpecField("labels")]
    [Labels]
    public Hashtable Label { get; set; } = [];

    [Parameter]
    [SpecField("networks")]
    [Selector(SelectorKind.Network)]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    public string[] Network { get; set; } = [];

    [Parameter]
    [SpecField("ports")]
    [Ports]
    public PublishedPort[] Publish { get; set; } = [];

    [Parameter]
    [SpecField("restart_policy.condition")]
    public RestartCondition RestartCondition { get; set; }

    [Parameter]
    [SpecField("restart_policy.delay")]
    [Duration]
    public TimeSpan RestartDelay { get; set; }

    [Parameter]
    [SpecField("restart_policy.max_attempts")]
    [ValidateRange(0, long.MaxValue)]
    public long RestartMaxAttempts { get; set; }

    [Parameter]
    [SpecField("restart_policy.window")]
    [Duration]
    public TimeSpan RestartWindow { get; set; }

    [Parameter]
    [SpecField("update.parallelism")]
    [ValidateRange(0, long.MaxValue)]
    public long UpdateParallelism { get; set; }

    [Parameter]
    [SpecField("update.delay")]
    [Duration]
    public TimeSpan UpdateDelay { get; set; }

    [Parameter]
    [SpecField("update.monitor")]
    [Duration]
    public TimeSpan UpdateMonitor { get; set; }

    [Parameter]
    [SpecField("update.failure_action")]
    public FailureAction UpdateFailureAction { get; set; }

    [Parameter]
    [SpecField("update.max_failure_ratio")]
    [ValidateRange(0.0, 1.0)]
    public double UpdateMaxFailureRatio { get; set; }

    [Parameter]
    [SpecField("update.order")]
    public UpdateOrder UpdateOrder { get; set; }

    [Parameter]
    [SpecField("rollback.parallelism")]
    [ValidateRange(0, long.MaxValue)]
    public long RollbackParallelism { get; set; }

    [Parameter]
    [SpecField("rollback.delay")]
    [Duration]
    public TimeSpan RollbackDelay { get; set; }

    [Parameter]
    [SpecField("rollback.monitor")]
    [Duration]
    public TimeSpan RollbackMonitor { get; set; }

    [Parameter]
    [SpecField("rollback.failure_action")]
    public FailureAction RollbackFailureAction { get; set; }

    [Parameter]
    [SpecField("rollback.max_failure_ratio")]
    [ValidateRange(0.0, 1.0)]
    public double RollbackMaxFailureRatio { get; set; }

    [Parameter]
    [SpecField("rollback.order")]
    public UpdateOrder RollbackOrder { get; set; }

    [Parameter]
    [Credential]
    public PSCredential? RegistryCredential { get; set; }

    [Parameter]
    public SwitchParameter NoResolveImage { get; set; }

    [Parameter]
    public SwitchParameter Wait { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan? Timeout { get; set; }
}

public abstract partial class ServiceUpdateCmdlet
{
    [Parameter]
    [SpecField("labels", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveLabel { get; set; } = [];

    [Parameter]
    [SpecField("placement.constraints", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveConstraint { get; set; } = [];

    [Parameter]
    [SpecField("placement.spread_preferences", Use = SpecFieldUse.Remove)]
    [Spread]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemovePlacementPreference { get; set; } = [];

    [Parameter]
    [SpecField("networks", Use = SpecFieldUse.Remove)]
    [Selector(SelectorKind.Network)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveNetwork { get; set; } = [];

    [Parameter]
    [SpecField("ports", Use = SpecFieldUse.Remove)]
    [Ports]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public PublishedPort[] RemovePublish { get; set; } = [];

    [Parameter]
    public SwitchParameter ForceUpdate { get; set; }
}
