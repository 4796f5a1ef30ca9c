namespace Swarm.Host.Checks;

public enum HostCheckStatus
{
    Passed = 0,

    /// <summary>It may work all the same, or could not be found out.</summary>
    Warning = 1,
    Failed = 2,
}

/// <summary>One thing that a host of a swarm needs.</summary>
/// <param name="Name">Engine, Address, Clock, Firewall, …; stable.</param>
/// <param name="Status">Passed, Warning or Failed.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">What to do about it; empty when it passed.</param>
public sealed record HostCheck(string Name, HostCheckStatus Status, string Detail, string Remedy = "")
{
    internal static HostCheck Pass(string name, string detail) => new(name, HostCheckStatus.Passed, detail);

    internal static HostCheck Warn(string name, string detail, string remedy) => new(name, HostCheckStatus.Warning, detail, remedy);

    internal static HostCheck Fail(string name, string detail, string remedy) => new(name, HostCheckStatus.Failed, detail, remedy);
}

/// <summary>A node that must be reached.</summary>
/// <param name="Host">Address or name.</param>
/// <param name="IsManager">It answers on the management port too.</param>
/// <param name="ManagementPort">2377 unless the swarm uses another.</param>
public sealed record HostPeer(string Host, bool IsManager, int ManagementPort = 2377);

/// <summary>What a host is to be fit for.</summary>
public sealed record HostCheckRequest
{
    /// <summary>Where other nodes reach this host; empty: where it leaves towards the first peer, or its only address.</summary>
    public string Address { get; init; } = "";

    /// <summary>It is, or is to be, a manager.</summary>
    public bool IsManager { get; init; } = true;

    /// <summary>The nodes there are, this host not among them.</summary>
    public IReadOnlyList<HostPeer> Peers { get; init; } = [];

    /// <summary>It is a node already: its ports are taken by itself.</summary>
    public bool InSwarm { get; init; }
}
