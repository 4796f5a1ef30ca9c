using Swarm.Core.Allocation;
using Swarm.Core.Model;
using Swarm.Core.Networking;

namespace Swarm.Core.State;

/// <content>Networks, and the pools of what the whole swarm has once.</content>
public sealed partial class ClusterState
{
    private readonly StateTable<Network> _networks;
    private readonly StateTable<string> _networkIdsByName;

    /// <summary>Null: a fork has changed none, and its origin's are its own.</summary>
    private NetworkPools? _pools;

    public IReadOnlyCollection<Network> Networks => _networks.Values;

    private NetworkPools SharedPools => _pools ?? _origin!.SharedPools;

    /// <summary>The pools for a change: a fork copies its origin's once.</summary>
    private NetworkPools OwnPools => _pools ??= CopyPools();

    public Network? FindNetwork(string id) => _networks.Find(id);

    public Network? FindNetworkByName(string name) => _networkIdsByName.Find(name) is { } id ? _networks.Find(id) : null;

    /// <summary>A copy of the pools, from which the leader takes what a change names. The state holds it when the change is applied.</summary>
    public NetworkPools CopyPools() => MakePools(SharedPools.Capture());

    private NetworkPools MakePools(NetworkPoolOrders orders) =>
        NetworkPools.Restore(Cluster?.Settings ?? ClusterSettings.Default, orders, _networks.Values, _nodes.Values);

    /// <summary>Other default pools number their subnets anew. Held subnets stay held.</summary>
    private void ChangeCluster(Cluster after)
    {
        var before = Cluster;
        var orders = HasSamePools(before?.Settings ?? ClusterSettings.Default, after.Settings) ? null : SharedPools.Capture();
        Cluster = after;
        if (orders is not null)
        {
            _pools = MakePools(orders with { Subnets = NumberPoolOrder.New });
        }
        Changed?.Invoke(new ChangedObject.OfCluster(before, after));
    }

    private static bool HasSamePools(ClusterSettings a, ClusterSettings b) =>
        a.DefaultAddressPools == b.DefaultAddressPools && a.DefaultAddressPoolMaskLength == b.DefaultAddressPoolMaskLength;

    /// <summary>Two nodes may have taken the same number from copies of the pools: the second one gets another later.</summary>
    private Node WithFreeNumber(Node node)
    {
        if (FindNode(node.Id) is { Number: not 0 } before)
        {
            OwnPools.ReturnNodeNumber(before.Number);
        }
        return node.Number == 0 || OwnPools.TryHoldNodeNumber(node.Number) ? node : node with { Number = 0 };
    }

    private void RemoveNode(Node node)
    {
        if (node.Number != 0)
        {
            OwnPools.ReturnNodeNumber(node.Number);
        }
        _nodes.Remove(node.Id, out _);
        Changed?.Invoke(new ChangedObject.OfNode(node, null));
    }

    private void CreateNetwork(Network network)
    {
        if (!OwnPools.TryHold(network))
        {
            return;
        }
        _networks.Set(network.Id, network);
        _networkIdsByName.Set(network.Spec.Name, network.Id);
        Changed?.Invoke(new ChangedObject.OfNetwork(null, network));
    }

    private void RemoveNetwork(Network network)
    {
        OwnPools.Return(network);
        _networks.Remove(network.Id, out _);
        _networkIdsByName.Remove(network.Spec.Name, out _);
        Changed?.Invoke(new ChangedObject.OfNetwork(network, null));
    }

    private void RestoreNetworks(StateSnapshot snapshot)
    {
        _networks.Clear();
        _networkIdsByName.Clear();
        foreach (var network in snapshot.Networks)
        {
            _networks.Set(network.Id, network);
            _networkIdsByName.Set(network.Spec.Name, network.Id);
        }
        _pools = MakePools(snapshot.Pools ?? NetworkPoolOrders.New);
    }
}
