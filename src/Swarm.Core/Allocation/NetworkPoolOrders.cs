namespace Swarm.Core.Allocation;

/// <summary>The orders of <see cref="NetworkPools"/>. The networks and nodes of the state tell which of them are held.</summary>
/// <param name="Subnets">Of the default address pools' subnets.</param>
/// <param name="Tunnels">Of the tunnel ids, counted from <see cref="NetworkPools.FirstTunnelId"/>.</param>
/// <param name="Nodes">Of the nodes' numbers, counted from 1.</param>
public sealed record NetworkPoolOrders(NumberPoolOrder Subnets, NumberPoolOrder Tunnels, NumberPoolOrder Nodes)
{
    public static NetworkPoolOrders New { get; } = new(NumberPoolOrder.New, NumberPoolOrder.New, NumberPoolOrder.New);
}
