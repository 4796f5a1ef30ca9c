namespace Swarm.Host.Firewall;

public enum FirewallProviderKind
{
    /// <summary>Nothing filters on this host.</summary>
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

    /// <summary>A rule of the administrator's closes exactly this port: it is not overruled.</summary>
    Blocked = 2,
}

public enum FirewallOpener
{
    None = 0,

    /// <summary>A rule that this library added.</summary>
    Swarm = 1,

    /// <summary>Somebody else's rule.</summary>
    Administrator = 2,

    /// <summary>No rule: the firewall accepts by default, or there is none.</summary>
    Default = 3,
}

/// <summary>A port that should be open, for whom, and what for.</summary>
/// <param name="Port">Which.</param>
/// <param name="Purpose">What it is for; part of the comment that marks a rule.</param>
/// <param name="Sources">Who may connect; empty: everybody.</param>
public sealed record FirewallRule(PortRange Port, string Purpose, IReadOnlyList<AddressRange> Sources);

/// <summary>A rule as it is found on the host.</summary>
/// <param name="Rule">What is asked about.</param>
/// <param name="State">Open only when every source may connect.</param>
/// <param name="OpenedBy">Who opened it; None when it is not open.</param>
/// <param name="Permanent">It is still there after a restart of the firewall and of the host.</param>
/// <param name="Detail">The rule that decides, as its tool shows it.</param>
public sealed record FirewallRuleStatus(FirewallRule Rule, FirewallRuleState State, FirewallOpener OpenedBy, bool Permanent, string Detail);

/// <summary>What is wanted of a host's firewall.</summary>
public sealed record FirewallRequest
{
    public IReadOnlyList<FirewallRule> Rules { get; init; } = [];

    /// <summary>Null: the one that is active is found.</summary>
    public FirewallProviderKind? Provider { get; init; }

    /// <summary>firewalld's; empty: the default zone.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Change nothing; say what would be run.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What a host's firewall answered.</summary>
/// <param name="Provider">Which one it is.</param>
/// <param name="Rules">Afterwards; in a dry run: now.</param>
/// <param name="Commands">What was run, or would be.</param>
/// <param name="Warnings">What a person should know.</param>
public sealed record FirewallReport(
    FirewallProviderKind Provider,
    IReadOnlyList<FirewallRuleStatus> Rules,
    IReadOnlyList<string> Commands,
    IReadOnlyList<string> Warnings
);
