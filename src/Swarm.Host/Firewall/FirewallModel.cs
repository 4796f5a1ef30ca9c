namespace Swarm.Host.Firewall;

public enum FirewallProviderKind
{
    /// <summary>No firewall filters on this host.</summary>
    None = 0,
    Firewalld = 1,
    Ufw = 2,
    Nftables = 3,
    Iptables = 4,
    Windows = 5,
}

public enum FirewallRuleState
{
    Closed = 0,
    Open = 1,

    /// <summary>An administrator's rule closes exactly this port. This library does not override it.</summary>
    Blocked = 2,
}

public enum FirewallOpener
{
    None = 0,

    /// <summary>A rule that this library added.</summary>
    Swarm = 1,

    /// <summary>A rule of another origin.</summary>
    Administrator = 2,

    /// <summary>No rule: the firewall accepts by default, or there is no firewall.</summary>
    Default = 3,
}

/// <summary>A port that should be open, with its sources and its purpose.</summary>
/// <param name="Port">The port or range.</param>
/// <param name="Purpose">The use of the port; part of the comment that marks a rule.</param>
/// <param name="Sources">Addresses that may connect; empty: all.</param>
public sealed record FirewallRule(PortRange Port, string Purpose, IReadOnlyList<AddressRange> Sources);

/// <summary>The state of a rule on the host.</summary>
/// <param name="Rule">The rule in question.</param>
/// <param name="State">Open only when every source may connect.</param>
/// <param name="OpenedBy">The origin of the opening; None when the port is not open.</param>
/// <param name="Permanent">The opening is still there after a restart of the firewall and of the host.</param>
/// <param name="Detail">The deciding rule, as its tool shows it.</param>
public sealed record FirewallRuleStatus(FirewallRule Rule, FirewallRuleState State, FirewallOpener OpenedBy, bool Permanent, string Detail);

/// <summary>The wanted state of a host's firewall.</summary>
public sealed record FirewallRequest
{
    public IReadOnlyList<FirewallRule> Rules { get; init; } = [];

    /// <summary>Null: the active firewall is used.</summary>
    public FirewallProviderKind? Provider { get; init; }

    /// <summary>The zone of firewalld; empty: the default zone.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Changes nothing; the report lists the commands.</summary>
    public bool DryRun { get; init; }
}

/// <summary>The report of a host's firewall.</summary>
/// <param name="Provider">The firewall that was used.</param>
/// <param name="Rules">The state afterwards; in a dry run: the present state.</param>
/// <param name="Commands">The commands that were run; in a dry run: that would be run.</param>
/// <param name="Warnings">Warnings for the administrator.</param>
public sealed record FirewallReport(
    FirewallProviderKind Provider,
    IReadOnlyList<FirewallRuleStatus> Rules,
    IReadOnlyList<string> Commands,
    IReadOnlyList<string> Warnings
);
