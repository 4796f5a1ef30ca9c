using Swarm.Core.Model;
using Swarm.Core.Networking;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Wire.Mapping;

/// <summary>Maps a node's forwarding table, and where its tasks are reached.</summary>
public static class ForwardingMapping
{
    public static V1.TaskEndpoint ToWire(TaskEndpoint endpoint)
    {
        var wire = new V1.TaskEndpoint { Address = endpoint.Address };
        foreach (var port in endpoint.Ports)
        {
            wire.Ports.Add(
                new V1.TaskPort
                {
                    TargetPort = port.Target,
                    Protocol = (V1.PortProtocol)port.Protocol,
                    ListeningPort = port.Listening,
                }
            );
        }
        return wire;
    }

    /// <exception cref="Core.Errors.SwarmException">InvalidProtocol: a transport that this version does not know.</exception>
    public static TaskEndpoint FromWire(V1.TaskEndpoint endpoint) =>
        new(
            endpoint.Address,
            endpoint
                .Ports.Select(port => new TaskPort(
                    port.TargetPort,
                    (PortProtocol)ProtocolMapping.Known((int)port.Protocol, (int)PortProtocol.Sctp, "Protocol"),
                    port.ListeningPort
                ))
                .ToValueList()
        );

    public static V1.ForwardingPeer ToWire(ForwardingPeer peer) =>
        new()
        {
            NodeId = peer.NodeId,
            Number = peer.Number,
            Address = peer.Address,
        };

    public static ForwardingPeer FromWire(V1.ForwardingPeer peer) => new(peer.NodeId, peer.Number, peer.Address);

    public static V1.ForwardedService ToWire(ForwardedService service)
    {
        var wire = new V1.ForwardedService { ServiceId = service.ServiceId, Name = service.Name };
        wire.Ports.AddRange(service.Ports.Select(ProtocolMapping.ToWire));
        wire.Backends.AddRange(
            service.Backends.Select(backend => new V1.ForwardingBackend
            {
                TaskId = backend.TaskId,
                NodeId = backend.NodeId,
                Endpoint = ToWire(backend.Endpoint),
            })
        );
        return wire;
    }

    /// <exception cref="Core.Errors.SwarmException">InvalidProtocol: a transport that this version does not know.</exception>
    public static ForwardedService FromWire(V1.ForwardedService service) =>
        new(
            service.ServiceId,
            service.Name,
            service.Ports.Select(ProtocolMapping.FromWire).ToValueList(),
            service
                .Backends.Select(backend => new ForwardingBackend(
                    backend.TaskId,
                    backend.NodeId,
                    FromWire(backend.Endpoint ?? new V1.TaskEndpoint())
                ))
                .ToValueList()
        );

    public static V1.ForwardedNetwork ToWire(ForwardedNetwork network)
    {
        var wire = new V1.ForwardedNetwork
        {
            NetworkId = network.NetworkId,
            Name = network.Name,
            TunnelId = network.TunnelId,
            Mtu = network.Mtu,
            Internal = network.Internal,
        };
        wire.Subnets.AddRange(network.Subnets);
        foreach (var member in network.Members)
        {
            var added = new V1.NetworkMember { TaskId = member.TaskId, NodeId = member.NodeId };
            added.Addresses.AddRange(member.Addresses);
            wire.Members.Add(added);
        }
        foreach (var name in network.Names)
        {
            var added = new V1.NetworkName { Name = name.Name };
            added.Addresses.AddRange(name.Addresses);
            wire.Names.Add(added);
        }
        foreach (var address in network.VirtualAddresses)
        {
            var added = new V1.VirtualAddress { Address = address.Address };
            added.Backends.AddRange(address.Backends);
            wire.VirtualAddresses.Add(added);
        }
        return wire;
    }

    public static ForwardedNetwork FromWire(V1.ForwardedNetwork network) =>
        new()
        {
            NetworkId = network.NetworkId,
            Name = network.Name,
            TunnelId = network.TunnelId,
            Mtu = network.Mtu,
            Internal = network.Internal,
            Subnets = network.Subnets.ToValueList(),
            Members = network
                .Members.Select(member => new NetworkMember(member.TaskId, member.NodeId, member.Addresses.ToValueList()))
                .ToValueList(),
            Names = network.Names.Select(name => new NetworkName(name.Name, name.Addresses.ToValueList())).ToValueList(),
            VirtualAddresses = network
                .VirtualAddresses.Select(address => new VirtualAddress(address.Address, address.Backends.ToValueList()))
                .ToValueList(),
        };
}
