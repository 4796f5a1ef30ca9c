using System.Net;
using Swarm.Core.Errors;

namespace Swarm.Core.Allocation;

/// <summary>The addresses that follow from a node's number: its subnet, in which each of its tasks has an address, and its tunnel's address.</summary>
/// <remarks>A block of /22 has 1,021 addresses for tasks; a bridge of Linux takes about 1,023 ports. The first block of the pool holds the tunnels' addresses,
/// and the last one is left out.</remarks>
public sealed class NodeAddressPlan
{
    /// <summary>The pool that holds 1,000 nodes with 1,000 tasks each.</summary>
    public const string DefaultPool = "10.80.0.0/12";

    /// <summary>The size of a node's subnet.</summary>
    public const int PrefixLength = 22;

    private readonly AddressBlock _pool;

    /// <param name="pool">An IPv4 block of at least three subnets.</param>
    /// <exception cref="SwarmException">InvalidAddressPool.</exception>
    public NodeAddressPlan(AddressBlock pool)
    {
        if (pool.IsIPv6 || pool.PrefixLength > PrefixLength - 2)
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "InvalidAddressPool",
                $"{pool} cannot hold the nodes' subnets.",
                $"{pool}",
                $"Give an IPv4 block of /{PrefixLength - 2} or larger, such as {DefaultPool}."
            );
        }
        _pool = pool;
        NodeCount = Math.Min(NetworkPools.NodeCount, (int)(1L << (PrefixLength - pool.PrefixLength)) - 2);
    }

    /// <summary>How many nodes have a place, from number 1.</summary>
    public int NodeCount { get; }

    /// <summary>The subnet of the node's tasks. Its first address is the gateway's.</summary>
    /// <param name="number">From 1 to <see cref="NodeCount"/>.</param>
    public AddressBlock SubnetOf(uint number)
    {
        Check(number);
        return AddressBlock.At(_pool.First + ((UInt128)number << (32 - PrefixLength)), PrefixLength, isIPv6: false);
    }

    /// <summary>The address of the node's tunnel.</summary>
    /// <param name="number">From 1 to <see cref="NodeCount"/>.</param>
    public IPAddress TunnelAddressOf(uint number)
    {
        Check(number);
        return _pool.AddressOf(_pool.First + number);
    }

    private void Check(uint number)
    {
        ArgumentOutOfRangeException.ThrowIfZero(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, (uint)NodeCount);
    }
}
