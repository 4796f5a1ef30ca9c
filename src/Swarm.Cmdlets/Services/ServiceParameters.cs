using System.Collections;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Services;

// The other options of a service: what New-SwarmService and Set-SwarmService set, and what Set-SwarmService takes away.
public abstract partial class ServiceSpecCmdlet
{
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Whole]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long Replicas { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("placement.constraints")]
    [ArgumentCompleter(typeof(ConstraintCompleter))]
    [Alias("Constraints")]
    public string[] Constraint { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("placement.spread_preferences")]
    [Spread]
    [ArgumentCompleter(typeof(SpreadCompleter))]
    [Alias("PlacementPreferences")]
    public string[] PlacementPreference { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("placement.max_replicas_per_node")]
    [ValidateRange(0, long.MaxValue)]
    [Whole]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long MaxReplicasPerNode { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("resources.reservations.nano_cpus")]
    [Cpu]
    [ArgumentCompleter(typeof(WordCompleter))]
    public decimal ReserveCpu { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("resources.reservations.memory_bytes")]
    [Size]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long ReserveMemory { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("resources.limits.nano_cpus")]
    [Cpu]
    [ArgumentCompleter(typeof(WordCompleter))]
    public decimal LimitCpu { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("resources.limits.memory_bytes")]
    [Size]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long LimitMemory { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("resources.pids_limit")]
    [ValidateRange(0, long.MaxValue)]
    [Whole]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long LimitPids { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("labels")]
    [Labels]
    [Alias("Labels")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public Hashtable Label { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("networks")]
    [Selector(SelectorKind.Network)]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    [Alias("Networks")]
    public string[] Network { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("ports")]
    [Ports]
    [ArgumentCompleter(typeof(WordCompleter))]
    public PublishedPort[] Publish { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("restart_policy.condition")]
    [Word<RestartCondition>]
    public RestartCondition RestartCondition { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("restart_policy.delay")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan RestartDelay { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("restart_policy.max_attempts")]
    [ValidateRange(0, long.MaxValue)]
    [Whole]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long RestartMaxAttempts { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("restart_policy.window")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan RestartWindow { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("update.parallelism")]
    [ValidateRange(0, long.MaxValue)]
    [Whole]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long UpdateParallelism { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("update.delay")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan UpdateDelay { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("update.monitor")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan UpdateMonitor { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("update.failure_action")]
    [Word<FailureAction>]
    public FailureAction UpdateFailureAction { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("update.max_failure_ratio")]
    [ValidateRange(0.0, 1.0)]
    [Ratio]
    [ArgumentCompleter(typeof(WordCompleter))]
    public double UpdateMaxFailureRatio { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("update.order")]
    [Word<UpdateOrder>]
    public UpdateOrder UpdateOrder { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("rollback.parallelism")]
    [ValidateRange(0, long.MaxValue)]
    [Whole]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long RollbackParallelism { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("rollback.delay")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan RollbackDelay { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("rollback.monitor")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan RollbackMonitor { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("rollback.failure_action")]
    [Word<FailureAction>]
    public FailureAction RollbackFailureAction { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("rollback.max_failure_ratio")]
    [ValidateRange(0.0, 1.0)]
    [Ratio]
    [ArgumentCompleter(typeof(WordCompleter))]
    public double RollbackMaxFailureRatio { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("rollback.order")]
    [Word<UpdateOrder>]
    public UpdateOrder RollbackOrder { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Credential]
    public PSCredential? RegistryCredential { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Flag]
    public SwitchParameter NoResolveImage { get; set; }

    [Parameter]
    public SwitchParameter Wait { get; set; }

    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan? Timeout { get; set; }
}

public abstract partial class ServiceUpdateCmdlet
{
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("labels", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveLabel { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("placement.constraints", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveConstraint { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("placement.spread_preferences", Use = SpecFieldUse.Remove)]
    [Spread]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemovePlacementPreference { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("networks", Use = SpecFieldUse.Remove)]
    [Selector(SelectorKind.Network)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveNetwork { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("ports", Use = SpecFieldUse.Remove)]
    [Ports]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public PublishedPort[] RemovePublish { get; set; } = [];

    [Parameter]
    public SwitchParameter ForceUpdate { get; set; }
}
