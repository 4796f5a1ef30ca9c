namespace Swarm.Host.Checks;

public enum HostCheckStatus
{
    Passed = 0,

    /// <summary>The host may work all the same, or the check could not find out.</summary>
    Warning = 1,
    Failed = 2,
}

/// <summary>The result of one check of a host.</summary>
/// <param name="Name">Engine, Address, Clock, Firewall, …; stable.</param>
/// <param name="Status">Passed, Warning or Failed.</param>
/// <param name="Detail">The finding.</param>
/// <param name="Remedy">The next step for the administrator; empty when the check passed.</param>
public sealed record HostCheck(string Name, HostCheckStatus Status, string Detail, string Remedy = "")
{
    internal static HostCheck Pass(string name, string detail) => new(name, HostCheckStatus.Passed, detail);

    internal static HostCheck Warn(string name, string detail, string remedy) => new(name, HostCheckStatus.Warning, detail, remedy);

    internal static HostCheck Fail(string name, string detail, string remedy) => new(name, HostCheckStatus.Failed, detail, remedy);
}

/// <summary>A node that the host must reach.</summary>
/// <param name="Host">Address or name.</param>
/// <param name="IsManager">The peer answers on the management port too.</param>
/// <param name="ManagementPort">2377 unless the swarm uses another.</param>
public sealed record HostPeer(string Host, bool IsManager, int ManagementPort = 2377);

/// <summary>The purpose for which a host is checked.</summary>
public sealed record HostCheckRequest
{
    /// <summary>The address by which other nodes reach this host. Empty: the source address towards the first peer, or the host's only
    /// address.</summary>
    public string Address { get; init; } = "";

    /// <summary>The host is a manager, or will be.</summary>
    public bool IsManager { get; init; } = true;

    /// <summary>The other nodes of the swarm.</summary>
    public IReadOnlyList<HostPeer> Peers { get; init; } = [];

    /// <summary>The host is a node already, so that it uses a node's ports itself.</summary>
    public bool InSwarm { get; init; }
}
