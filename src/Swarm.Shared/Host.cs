namespace Swarm;

/// <summary>A port that a swarm needs on a host, and whether the host's firewall accepts it.</summary>
public sealed class FirewallRule
{
    /// <summary>The node, or the name of this machine.</summary>
    public string Node { get; set; } = "";

    /// <summary>2377/tcp, 9000-9010/udp.</summary>
    public string Port { get; set; } = "";
    public string Purpose { get; set; } = "";

    /// <summary>Addresses that may connect; empty: all.</summary>
    public string[] RemoteAddress { get; set; } = [];
    public FirewallRuleState State { get; set; }
    public FirewallOpener OpenedBy { get; set; }

    /// <summary>The port is open after the next start of the host too.</summary>
    public bool Permanent { get; set; }
    public FirewallProvider Provider { get; set; }

    /// <summary>The deciding rule, as the firewall's tool shows it.</summary>
    public string Detail { get; set; } = "";

    public override string ToString() => $"{Port} {State} on {Node}";
}

/// <summary>The result of a test of a port.</summary>
public sealed class PortTest
{
    /// <summary>The node, or the address that was tried from this machine.</summary>
    public string Node { get; set; } = "";
    public string Port { get; set; } = "";
    public bool Passed { get; set; }
    public string Detail { get; set; } = "";
    public string Remedy { get; set; } = "";

    public override string ToString() => $"{Port} on {Node}: {Detail}";
}

/// <summary>The result of one check of a host.</summary>
public sealed class HostCheck
{
    public string Node { get; set; } = "";

    /// <summary>Engine, Address, Clock, Firewall, …</summary>
    public string Name { get; set; } = "";
    public HostCheckStatus Status { get; set; }
    public string Detail { get; set; } = "";

    /// <summary>The next step for the administrator; empty when the check passed.</summary>
    public string Remedy { get; set; } = "";

    public override string ToString() => $"{Name}: {Status} ({Detail})";
}

/// <summary>The result of an installation or removal of an engine on this machine.</summary>
public sealed class EngineInstallation
{
    public string Distribution { get; set; } = "";
    public string PackageManager { get; set; } = "";
    public string[] Packages { get; set; } = [];

    /// <summary>As the engine reports it; empty when it was removed or does not answer.</summary>
    public string EngineVersion { get; set; } = "";

    /// <summary>The commands that were run.</summary>
    public string[] Commands { get; set; } = [];

    public override string ToString() => string.Join(", ", Packages);
}

/// <summary>The result of an installation or removal of swarmd on this machine.</summary>
public sealed class DaemonInstallation
{
    /// <summary>The folder of the program.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Path of systemd's unit.</summary>
    public string Unit { get; set; } = "";

    /// <summary>The command that starts swarmd; empty when it was removed.</summary>
    public string ExecStart { get; set; } = "";

    /// <summary>The commands that were run.</summary>
    public string[] Commands { get; set; } = [];

    public override string ToString() => ExecStart;
}
