using System.Collections;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Services;

public abstract partial class ServiceSpecCmdlet
{
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    [Parameter]
    [AllowEmptyCollection]
    public string[] Command { get; set; } = [];

    [Parameter]
    [AllowEmptyCollection]
    public string[] Entrypoint { get; set; } = [];

    [Parameter]
    public long Replicas { get; set; }

    [Parameter]
    [ArgumentCompleter(typeof(ConstraintCompleter))]
    public string[] Constraint { get; set; } = [];

    [Parameter]
    [Spread]
    [ArgumentCompleter(typeof(SpreadCompleter))]
    public string[] PlacementPreference { get; set; } = [];

    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long MaxReplicasPerNode { get; set; }

    [Parameter]
    [Cpu]
    public decimal ReserveCpu { get; set; }

    [Parameter]
    [Size]
    public long ReserveMemory { get; set; }

    [Parameter]
    [Cpu]
    public decimal LimitCpu { get; set; }

    [Parameter]
    [Size]
    public long LimitMemory { get; set; }

    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long LimitPids { get; set; }

    [Parameter]
    [Env]
    public string[] Env { get; set; } = [];

    [Parameter]
    [Labels]
    public Hashtable Label { get; set; } = [];

    [Parameter]
    [Labels]
    public Hashtable ContainerLabel { get; set; } = [];

    [Parameter]
    [Mounts]
    public Mount[] Mount { get; set; } = [];

    [Parameter]
    [Selector(SelectorKind.Network)]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    public string[] Network { get; set; } = [];

    [Parameter]
    [Ports]
    public PublishedPort[] Publish { get; set; } = [];

    [Parameter]
    public string User { get; set; } = "";

    [Parameter]
    public string[] Group { get; set; } = [];

    [Parameter]
    public string WorkingDirectory { get; set; } = "";

    [Parameter]
    public string HostName { get; set; } = "";

    [Parameter]
    public string StopSignal { get; set; } = "";

    [Parameter]
    [Duration]
    public TimeSpan StopGracePeriod { get; set; }

    [Parameter]
    public string[] CapAdd { get; set; } = [];

    [Parameter]
    public string[] CapDrop { get; set; } = [];

    [Parameter]
    public SwitchParameter ReadOnly { get; set; }

    [Parameter]
    public SwitchParameter Init { get; set; }

    [Parameter]
    public SwitchParameter Tty { get; set; }

    [Parameter]
    public string[] HealthCommand { get; set; } = [];

    [Parameter]
    [Duration]
    public TimeSpan HealthInterval { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan HealthTimeout { get; set; }

    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int HealthRetries { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan HealthStartPeriod { get; set; }

    [Parameter]
    public SwitchParameter NoHealthCheck { get; set; }

    [Parameter]
    public RestartCondition RestartCondition { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan RestartDelay { get; set; }

    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long RestartMaxAttempts { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan RestartWindow { get; set; }

    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long UpdateParallelism { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan UpdateDelay { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan UpdateMonitor { get; set; }

    [Parameter]
    public FailureAction UpdateFailureAction { get; set; }

    [Parameter]
    [ValidateRange(0.0, 1.0)]
    public double UpdateMaxFailureRatio { get; set; }

    [Parameter]
    public UpdateOrder UpdateOrder { get; set; }

    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long RollbackParallelism { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan RollbackDelay { get; set; }

    [Parameter]
    [Duration]
    public TimeSpan RollbackMonitor { get; set; }

    [Parameter]
    public FailureAction RollbackFailureAction { get; set; }

    [Parameter]
    [ValidateRange(0.0, 1.0)]
    public double RollbackMaxFailureRatio { get; set; }

    [Parameter]
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
