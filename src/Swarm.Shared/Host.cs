namespace Swarm;

/// <summary>A port that a swarm needs on a host, and whether its firewall lets it through.</summary>
public sealed class FirewallRule
{
    /// <summary>The node, or the name of this machine.</summary>
    public string Node { get; set; } = "";

    /// <summary>2377/tcp, 9000-9010/udp.</summary>
    public string Port { get; set; } = "";
    public string Purpose { get; set; } = "";

    /// <summary>Who may connect; empty: everybody.</summary>
    public string[] RemoteAddress { get; set; } = [];
    public FirewallRuleState State { get; set; }
    public FirewallOpener OpenedBy { get; set; }

    /// <summary>Open after the next start of the host too.</summary>
    public bool Permanent { get; set; }
    public FirewallProvider Provider { get; set; }

    /// <summary>The rule that decides, as the firewall's tool shows it.</summary>
    public string Detail { get; set; } = "";

    public override string ToString() => $"{Port} {State} on {Node}";
}

/// <summary>What became of a test of a port.</summary>
public sealed class PortTest
{
    /// <summary>The node, or the address that was tried from here.</summary>
    public string Node { get; set; } = "";
    public string Port { get; set; } = "";
    public bool Passed { get; set; }
    public string Detail { get; set; } = "";
    public string Remedy { get; set; } = "";

    public override string ToString() => $"{Port} on {Node}: {Detail}";
}

/// <summary>One thing that a host of a swarm needs, and whether it is there.</summary>
public sealed class HostCheck
{
    public string Node { get; set; } = "";

    /// <summary>Engine, Address, Clock, Firewall, …</summary>
    public string Name { get; set; } = "";
    public HostCheckStatus Status { get; set; }
    public string Detail { get; set; } = "";

    /// <summary>What to do; empty when it passed.</summary>
    public string Remedy { get; set; } = "";

    public override string ToString() => $"{Name}: {Status} ({Detail})";
}

/// <summary>What was installed or removed on this machine.</summary>
public sealed class EngineInstallation
{
    public string Distribution { get; set; } = "";
    public string PackageManager { get; set; } = "";
    public string[] Packages { get; set; } = [];

    /// <summary>As the engine says; empty when it was removed or does not answer.</summary>
    public string EngineVersion { get; set; } = "";

    /// <summary>What was run.</summary>
    public string[] Commands { get; set; } = [];

    public override string ToString() => string.Join(", ", Packages);
}

/// <summary>swarmd as it was installed on this machine, or removed from it.</summary>
public sealed class DaemonInstallation
{
    /// <summary>Where the program is.</summary>
    public string Folder { get; set; } = "";

    /// <summary>systemd's unit.</summary>
    public string Unit { get; set; } = "";

    /// <summary>What starts swarmd; empty when it was removed.</summary>
    public string ExecStart { get; set; } = "";

    /// <summary>What was run.</summary>
    public string[] Commands { get; set; } = [];

    public override string ToString() => ExecStart;
}
