using System.Collections;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Services;

// The options of a container: what New-SwarmService and Set-SwarmService set, and what Set-SwarmService takes away.
public abstract partial class ServiceSpecCmdlet
{
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [SpecField("container.image")]
    public virtual string? Image { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.command", Use = SpecFieldUse.Replace)]
    [AllowEmptyCollection]
    public string[] Command { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.entrypoint", Use = SpecFieldUse.Replace)]
    [AllowEmptyCollection]
    public string[] Entrypoint { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.env")]
    [Env]
    public string[] Env { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.labels")]
    [Labels]
    [Alias("ContainerLabels")]
    public Hashtable ContainerLabel { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.mounts")]
    [Mounts]
    [Alias("Mounts")]
    public Mount[] Mount { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.user")]
    public string User { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.groups")]
    [Alias("Groups")]
    public string[] Group { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.dir")]
    public string WorkingDirectory { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.hostname")]
    public string HostName { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.stop_signal")]
    public string StopSignal { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.stop_grace_period")]
    [Duration]
    public TimeSpan StopGracePeriod { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.capability_add")]
    public string[] CapAdd { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.capability_drop")]
    public string[] CapDrop { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.read_only")]
    [Flag]
    public SwitchParameter ReadOnly { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.init")]
    [Flag]
    public SwitchParameter Init { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.tty")]
    [Flag]
    public SwitchParameter Tty { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.sysctls")]
    [Labels]
    [Alias("Sysctls")]
    public Hashtable Sysctl { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string[] HealthCommand { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.health_check.interval")]
    [Duration]
    public TimeSpan HealthInterval { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.health_check.timeout")]
    [Duration]
    public TimeSpan HealthTimeout { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.health_check.retries")]
    [ValidateRange(0, int.MaxValue)]
    [Whole(Max = int.MaxValue)]
    public int HealthRetries { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.health_check.start_period")]
    [Duration]
    public TimeSpan HealthStartPeriod { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Flag]
    public SwitchParameter NoHealthCheck { get; set; }
}

public abstract partial class ServiceUpdateCmdlet
{
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.env", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveEnv { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.labels", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveContainerLabel { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.mounts", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveMount { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.groups", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveGroup { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.sysctls", Use = SpecFieldUse.Remove)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveSysctl { get; set; } = [];
}
