using System.Collections;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Services;

// The options of a container: what New-SwarmService and Set-SwarmService set, and what Set-SwarmService takes away.
public abstract partial class ServiceSpecCmdlet
{
    [Parameter(Position = 1)]
    [SpecField("container.image")]
    [ValidateNotNullOrEmpty]
    public virtual string? Image { get; set; }

    [Parameter]
    [SpecField("container.command", Use = SpecFieldUse.Replace)]
    [AllowEmptyCollection]
    public string[] Command { get; set; } = [];

    [Parameter]
    [SpecField("container.entrypoint", Use = SpecFieldUse.Replace)]
    [AllowEmptyCollection]
    public string[] Entrypoint { get; set; } = [];

    [Parameter]
    [SpecField("container.env")]
    [Env]
    public string[] Env { get; set; } = [];

    [Parameter]
    [SpecField("container.labels")]
    [Labels]
    public Hashtable ContainerLabel { get; set; } = [];

    [Parameter]
    [SpecField("container.mounts")]
    [Mounts]
    public Mount[] Mount { get; set; } = [];

    [Parameter]
    [SpecField("container.user")]
    public string User { get; set; } = "";

    [Parameter]
    [SpecField("container.groups")]
    public string[] Group { get; set; } = [];

    [Parameter]
    [SpecField("container.dir")]
    public string WorkingDirectory { get; set; } = "";

    [Parameter]
    [SpecField("container.hostname")]
    public string HostName { get; set; } = "";

    [Parameter]
    [SpecField("container.stop_signal")]
    public string StopSignal { get; set; } = "";

    [Parameter]
    [SpecField("container.stop_grace_period")]
    [Duration]
    public TimeSpan StopGracePeriod { get; set; }

    [Parameter]
    [SpecField("container.capability_add")]
    public string[] CapAdd { get; set; } = [];

    [Parameter]
    [SpecField("container.capability_drop")]
    public string[] CapDrop { get; set; } = [];

    [Parameter]
    [SpecField("container.read_only")]
    public SwitchParameter ReadOnly { get; set; }

    [Parameter]
    [SpecField("container.init")]
    public SwitchParameter Init { get; set; }

    [Parameter]
    [SpecField("container.tty")]
    public SwitchParameter Tty { get; set; }

    [Parameter]
    [SpecField("container.sysctls")]
    [Labels]
    public Hashtable Sysctl { get; set; } = [];

    [Parameter]
    public string[] HealthCommand { get; set; } = [];

    [Parameter]
    [SpecField("container.health_check.interval")]
    [Duration]
    public TimeSpan HealthInterval { get; set; }

    [Parameter]
    [SpecField("container.health_check.timeout")]
    [Duration]
    public TimeSpan HealthTimeout { get; set; }

    [Parameter]
    [SpecField("container.health_check.retries")]
    [ValidateRange(0, int.MaxValue)]
    public int HealthRetries { get; set; }

    [Parameter]
    [SpecField("container.health_check.start_period")]
    [Duration]
    public TimeSpan HealthStartPeriod { get; set; }

    [Parameter]
    public SwitchParameter NoHealthCheck { get; set; }
}

public abstract partial class ServiceUpdateCmdlet
{
    [Parameter]
    [SpecField("container.env", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveEnv { get; set; } = [];

    [Parameter]
    [SpecField("container.labels", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveContainerLabel { get; set; } = [];

    [Parameter]
    [SpecField("container.mounts", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveMount { get; set; } = [];

    [Parameter]
    [SpecField("container.groups", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveGroup { get; set; } = [];

    [Parameter]
    [SpecField("container.sysctls", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveSysctl { get; set; } = [];
}
