using Swarm.Core.Networking;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Simulation;

/// <content>Networks come and go. They have a random source of their own, so that the rest of a seed's scenario does not depend on them.</content>
internal sealed partial class Scenario
{
    private readonly Random _ofNetworks;
    private int _networks;

    private void ChangeNetworks()
    {
        var present = _swarm.State.Networks.OrderBy(static n => n.Id, StringComparer.Ordinal).ToList();
        if (present.Count > 3 || (present.Count > 0 && _ofNetworks.Next(3) == 0))
        {
            _swarm.Commit([new StateChange.NetworkRemove(present[_ofNetworks.Next(present.Count)].Id)]);
            return;
        }
        var number = ++_networks;
        var spec = new NetworkSpec
        {
            Name = $"network{number}",
            Subnets = _ofNetworks.Next(4) == 0 ? [new NetworkSubnet($"10.128.{number + 1}.0/25", "", "")] : [],
        };
        if (
            _swarm.State.Networks.Any(n =>
                spec.Subnets.Any(s => n.Subnets[0].Subnet.StartsWith($"10.128.{number + 1}.", StringComparison.Ordinal))
            )
        )
        {
            return;
        }
        var (subnets, tunnel) = _swarm.State.CopyPools().Take(spec);
        var network = new Network
        {
            Id = $"network-id-{number}",
            CreatedAt = _swarm.Now,
            Spec = spec,
            Subnets = subnets,
            TunnelId = tunnel,
        };
        _swarm.Commit([new StateChange.NetworkCreate(network)]);
        if (_swarm.State.FindNetwork(network.Id) is null)
        {
            _swarm.Fail($"network {network.Id} was not created with what it had got");
        }
    }
}
