using Swarm.Core.Model;

namespace Swarm.Core.Networking;

/// <summary>All that a node has to know to forward connections: the other nodes, the published services, and the networks of its own tasks. The leader makes
/// it from the state; a node's data plane puts it into force.</summary>
public sealed record ForwardingTable
{
    public static ForwardingTable Empty { get; } = new();

    /// <summary>The index of the batch that the table was made from. A node acknowledges it once the table is in force.</summary>
    public ulong Revision { get; init; }

    /// <summary>The nodes of the swarm that are not Down, this one included, by id. Connections to tasks of other nodes have ended.</summary>
    public ValueList<ForwardingPeer> Peers { get; init; } = [];

    /// <summary>The services with ingress ports, by id.</summary>
    public ValueList<ForwardedService> Services { get; init; } = [];

    /// <summary>The networks that this node has a task on, by id.</summary>
    public ValueList<ForwardedNetwork> Networks { get; init; } = [];
}
