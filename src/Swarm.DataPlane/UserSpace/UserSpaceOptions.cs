using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Swarm.DataPlane.UserSpace;

/// <summary>The settings of a node's user-space path.</summary>
public sealed record UserSpaceOptions
{
    /// <summary>Tells the places of this node's tasks from those of other nodes and swarms on the same machine.</summary>
    public required string ClusterId { get; init; }
    public required string NodeId { get; init; }

    /// <summary>The address by which other nodes reach this one, without a port. A node in 127.0.0.0/8 answers only there, because other nodes of the
    /// machine publish the same ports on theirs. Any other node answers on all of the machine's addresses.</summary>
    public required string Address { get; init; }

    /// <summary>Tasks are containers: the engine forwards ports of the node's address to them. Processes may have addresses of their own.</summary>
    public bool TasksAreContainers { get; init; }

    /// <summary>The time within which a task must take a connection. A task that has just started listens a little later
    /// than it runs, and the client waits. With the kernel's path its SYN is sent again, after 1 s for the first time.</summary>
    public TimeSpan ConnectPatience { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A client of a UDP port that was silent for so long is forgotten. Linux forgets after 30 s (<c>nf_conntrack_udp_timeout</c>).</summary>
    public TimeSpan DatagramIdle { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Clients of a UDP port that are known at one time.</summary>
    public int DatagramClients { get; init; } = 8192;

    /// <summary>Connections of all published TCP ports at one time. Beyond it, clients wait to be accepted.</summary>
    public int Connections { get; init; } = 16_384;
    public TimeProvider Time { get; init; } = TimeProvider.System;
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;
}
