using System.Collections;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Services;

// The options of a container: what New-SwarmService and Set-SwarmService set, and what Set-SwarmService takes away.
public abstract partial class ServiceSpecCmdlet
{
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [SpecField("container.image")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public virtual string? Image { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.command", Use = SpecFieldUse.Replace)]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] Command { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.entrypoint", Use = SpecFieldUse.Replace)]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] Entrypoint { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.env")]
    [Env]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] Env { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.labels")]
    [Labels]
    [Alias("ContainerLabels")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public Hashtable ContainerLabel { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.mounts")]
    [Mounts]
    [Alias("Mounts")]
    public Mount[] Mount { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.user")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string User { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.groups")]
    [Alias("Groups")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] Group { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.dir")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string WorkingDirectory { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.hostname")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string HostName { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.stop_signal")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string StopSignal { get; set; } = "";

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.stop_grace_period")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan StopGracePeriod { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.capability_add")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] CapAdd { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.capability_drop")]
    [ArgumentCompleter(typeof(WordCompleter))]
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
    [ArgumentCompleter(typeof(WordCompleter))]
    public Hashtable Sysctl { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] HealthCommand { get; set; } = [];

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.health_check.interval")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan HealthInterval { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.health_check.timeout")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan HealthTimeout { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.health_check.retries")]
    [ValidateRange(0, int.MaxValue)]
    [Whole(Max = int.MaxValue)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public int HealthRetries { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SpecField("container.health_check.start_period")]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
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
