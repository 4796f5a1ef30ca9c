using System.Net;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Networking;

namespace Swarm.Core.Allocation;

/// <summary>The subnets, tunnel ids and nodes' numbers of the whole swarm. Each has one holder, and is used again as late as possible.</summary>
/// <remarks>Deterministic: equal calls give equal results. A leader takes from a copy, and the change names what was taken; <c>ClusterState</c> holds it
/// when the change is applied. Not thread-safe.</remarks>
public sealed class NetworkPools
{
    /// <summary>The first tunnel id. Docker counts its own from 4096 on, and a network namespace takes an id once.</summary>
    public const uint FirstTunnelId = 1 << 20;

    /// <summary>How many tunnel ids there are. A VXLAN id has 24 bits (RFC 7348).</summary>
    public const int TunnelCount = 1 << 20;

    /// <summary>How many nodes get a number: those of 10.80.0.0/12 in blocks of /22, less block 0 and the last one.</summary>
    public const int NodeCount = 1022;

    private readonly SubnetPool _subnets;
    private readonly NumberPool _tunnels;
    private readonly NumberPool _nodes;

    private NetworkPools(SubnetPool subnets, NumberPool tunnels, NumberPool nodes)
    {
        _subnets = subnets;
        _tunnels = tunnels;
        _nodes = nodes;
    }

    /// <summary>Pools from which the networks and nodes of a state hold what they have.</summary>
    /// <param name="settings">The default address pools.</param>
    /// <param name="orders">The orders that <see cref="Capture"/> gave.</param>
    /// <param name="networks">All networks.</param>
    /// <param name="nodes">All nodes; number 0 holds nothing.</param>
    /// <exception cref="SwarmException">InvalidAddressPool, InvalidSubnet.</exception>
    public static NetworkPools Restore(
        ClusterSettings settings,
        NetworkPoolOrders orders,
        IReadOnlyCollection<Network> networks,
        IEnumerable<Node> nodes
    )
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(orders);
        return new(
            SubnetPool.Restore(
                [.. settings.DefaultAddressPools.Select(AddressBlock.Parse)],
                settings.DefaultAddressPoolMaskLength,
                orders.Subnets,
                [.. networks.SelectMany(SubnetsOf)]
            ),
            NumberPool.Restore(TunnelCount, orders.Tunnels, networks.Select(n => PlaceOfTunnel(n.TunnelId))),
            NumberPool.Restore(NodeCount, orders.Nodes, nodes.Select(n => (int)n.Number - 1))
        );
    }

    /// <summary>The orders of what is free, for <see cref="Restore"/>.</summary>
    public NetworkPoolOrders Capture() => new(_subnets.Capture(), _tunnels.Capture(), _nodes.Capture());

    /// <summary>Gives a new network its subnets, gateways and tunnel id.</summary>
    /// <param name="spec">Subnets that it names are given if they are free. It gets an IPv4 subnet in any case.</param>
    /// <exception cref="SwarmException">InvalidSubnet, InvalidGateway, InvalidIpRange, SubnetTooSmall, SubnetInUse, NoSubnetLeft, NoTunnelIdLeft.
    /// The pools are of no use after it: they may hold a part.</exception>
    public (ValueList<NetworkSubnet> Subnets, uint TunnelId) Take(NetworkSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var given = new List<NetworkSubnet>();
        foreach (var asked in spec.Subnets)
        {
            if (asked.Subnet.Length > 0)
            {
                var block = AddressBlock.Parse(asked.Subnet);
                if (_subnets.TryTake(block) is { } other)
                {
                    throw new SwarmException(
                        SwarmErrorKind.AlreadyExists,
                        "SubnetInUse",
                        $"The subnet {block} overlaps {other}, which a network has.",
                        $"{block}",
                        "Give a subnet that no network has, or none: the swarm chooses one."
                    );
                }
                given.Add(Complete(block, asked));
            }
            else
            {
                given.Add(Complete(TakeSubnet(), asked));
            }
        }
        if (!given.Exists(s => !AddressBlock.Parse(s.Subnet).IsIPv6))
        {
            given.Insert(0, Complete(TakeSubnet(), new NetworkSubnet("", "", "")));
        }
        if (!_tunnels.TryTake(out var tunnel))
        {
            throw Exhausted("NoTunnelIdLeft", $"All {TunnelCount} tunnel ids are in use.", "Remove a network.");
        }
        return ([.. given], FirstTunnelId + (uint)tunnel);
    }

    /// <summary>Holds what a network has.</summary>
    /// <returns>False: another network has a part of it, and nothing is held.</returns>
    public bool TryHold(Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (!_tunnels.TryTake(PlaceOfTunnel(network.TunnelId)))
        {
            return false;
        }
        var held = new List<AddressBlock>();
        foreach (var block in SubnetsOf(network))
        {
            if (_subnets.TryTake(block) is not null)
            {
                held.ForEach(b => _subnets.Return(b));
                _tunnels.Return(PlaceOfTunnel(network.TunnelId));
                return false;
            }
            held.Add(block);
        }
        return true;
    }

    /// <summary>Gives back what a network had.</summary>
    public void Return(Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        _tunnels.Return(PlaceOfTunnel(network.TunnelId));
        foreach (var block in SubnetsOf(network))
        {
            _subnets.Return(block);
        }
    }

    /// <summary>Gives a node its number, from 1.</summary>
    /// <returns>0: all are held.</returns>
    public uint TakeNodeNumber() => _nodes.TryTake(out var place) ? (uint)place + 1 : 0;

    /// <summary>Holds the number of a node.</summary>
    /// <returns>False: another node holds it, or there is no such number.</returns>
    public bool TryHoldNodeNumber(uint number) => number is > 0 and <= NodeCount && _nodes.TryTake((int)number - 1);

    /// <summary>Gives the number of a node back; 0 is none.</summary>
    public void ReturnNodeNumber(uint number)
    {
        if (number is > 0 and <= NodeCount)
        {
            _nodes.Return((int)number - 1);
        }
    }

    private static IEnumerable<AddressBlock> SubnetsOf(Network network) => network.Subnets.Select(s => AddressBlock.Parse(s.Subnet));

    private static int PlaceOfTunnel(uint id) => id >= FirstTunnelId && id - FirstTunnelId < TunnelCount ? (int)(id - FirstTunnelId) : -1;

    private AddressBlock TakeSubnet() =>
        _subnets.Take()
        ?? throw Exhausted(
            "NoSubnetLeft",
            "Every subnet of the default address pools is in use.",
            "Remove a network, or give this one a subnet with -Subnet."
        );

    /// <summary>The subnet with its gateway. The pool of its addresses checks both, and the range.</summary>
    private static NetworkSubnet Complete(AddressBlock block, NetworkSubnet asked)
    {
        var range = asked.IpRange.Length == 0 ? (AddressBlock?)null : AddressBlock.Parse(asked.IpRange);
        IPAddress? gateway = null;
        if (asked.Gateway.Length > 0 && !IpText.TryParse(asked.Gateway, out gateway))
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "InvalidGateway",
                $"'{VisibleText.Of(asked.Gateway)}' is not an address.",
                asked.Gateway,
                $"Give an address of the subnet {block}, or leave the gateway out."
            );
        }
        return new NetworkSubnet($"{block}", $"{new AddressPool(block, range, gateway).Gateway}", range is null ? "" : $"{range}");
    }

    private static SwarmException Exhausted(string id, string message, string action) =>
        new(SwarmErrorKind.ResourceExhausted, id, message, "", action);
}
