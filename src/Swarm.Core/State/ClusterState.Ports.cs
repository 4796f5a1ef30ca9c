using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <content>The published ports of the whole swarm: which service has which.</content>
public sealed partial class ClusterState
{
    /// <summary>The ports that the swarm chooses from. Docker's range (moby, daemon/cluster/…/portallocator: dynamicPortStart, dynamicPortEnd).</summary>
    public const uint FirstChosenPort = 30_000;
    public const uint LastChosenPort = 32_767;

    private readonly StateTable<string> _serviceIdsByPort;

    /// <summary>The swarm goes on choosing from here, so that a port that was given back is used again as late as possible.</summary>
    private uint _nextPort;

    /// <summary>The service that answers on a port of every node; null: none does.</summary>
    public Service? FindServiceByPort(PortProtocol protocol, uint published) =>
        _serviceIdsByPort.Find(KeyOf(protocol, published)) is { } id ? FindService(id) : null;

    /// <summary>Ids of the services that every node answers for; an id comes once for each of its ports.</summary>
    public IEnumerable<string> ServicesOnAllNodes => _serviceIdsByPort.Values;

    /// <summary>Ports that the swarm can still choose.</summary>
    public int CountFreePorts(PortProtocol protocol)
    {
        var ofNodes = PortsOfNodes(protocol);
        var free = 0;
        for (var number = FirstChosenPort; number <= LastChosenPort; number++)
        {
            free += IsFree(protocol, number, ofNodes) ? 1 : 0;
        }
        return free;
    }

    /// <summary>Ports that services have of the nodes themselves. They are no ports of all nodes.</summary>
    private HashSet<uint> PortsOfNodes(PortProtocol protocol)
    {
        var ports = new HashSet<uint>();
        foreach (var service in Services)
        {
            foreach (var port in service.Ports)
            {
                if (port.Mode == PublishMode.Host && port.Protocol == protocol)
                {
                    ports.Add(port.Published);
                }
            }
        }
        return ports;
    }

    private bool IsFree(PortProtocol protocol, uint number, HashSet<uint> ofNodes) =>
        !ofNodes.Contains(number) && !_serviceIdsByPort.Contains(KeyOf(protocol, number));

    /// <summary>Gives a service its published ports, and those back that it had and names no more.</summary>
    /// <param name="serviceId">Its id.</param>
    /// <param name="wanted">The ports of its spec.</param>
    /// <param name="before">The ports that it has.</param>
    /// <returns>The wanted ones; those without a number have one, as far as there is one.</returns>
    private ValueList<PublishedPort> PublishPorts(string serviceId, ValueList<PublishedPort> wanted, ValueList<PublishedPort> before)
    {
        if (wanted.Count == 0 && before.Count == 0)
        {
            return [];
        }
        ReleasePorts(serviceId, before);
        var published = new PublishedPort[wanted.Count];
        // First those with numbers, so that none of them is chosen for another port of the same service.
        for (var i = 0; i < published.Length; i++)
        {
            published[i] = wanted[i];
            ClaimPort(serviceId, wanted[i]);
        }
        for (var i = 0; i < published.Length; i++)
        {
            if (published[i] is { Mode: PublishMode.Ingress, Published: 0 } port)
            {
                published[i] = port with { Published = ChoosePort(port, before, wanted) };
                ClaimPort(serviceId, published[i]);
            }
        }
        return new ValueList<PublishedPort>(published);
    }

    /// <summary>The number that the port had before, or the next free one; 0: all are taken.</summary>
    private uint ChoosePort(PublishedPort port, ValueList<PublishedPort> before, ValueList<PublishedPort> wanted)
    {
        var ofNodes = PortsOfNodes(port.Protocol);
        foreach (var own in wanted)
        {
            if (own.Mode == PublishMode.Host && own.Protocol == port.Protocol)
            {
                ofNodes.Add(own.Published);
            }
        }
        foreach (var had in before)
        {
            if (
                had is { Mode: PublishMode.Ingress, Published: >= FirstChosenPort and <= LastChosenPort }
                && had.Target == port.Target
                && had.Protocol == port.Protocol
                && IsFree(had.Protocol, had.Published, ofNodes)
            )
            {
                return had.Published;
            }
        }
        const uint Count = LastChosenPort - FirstChosenPort + 1;
        var first = _nextPort is >= FirstChosenPort and <= LastChosenPort ? _nextPort : FirstChosenPort;
        for (var i = 0U; i < Count; i++)
        {
            var number = FirstChosenPort + (first - FirstChosenPort + i) % Count;
            if (IsFree(port.Protocol, number, ofNodes))
            {
                _nextPort = number + 1;
                return number;
            }
        }
        return 0;
    }

    private void ClaimPorts(string serviceId, ValueList<PublishedPort> ports)
    {
        foreach (var port in ports)
        {
            ClaimPort(serviceId, port);
        }
    }

    /// <summary>A port that another service has stays that one's. The API refuses such a spec before.</summary>
    private void ClaimPort(string serviceId, PublishedPort port)
    {
        if (
            port is { Mode: PublishMode.Ingress, Published: > 0 }
            && KeyOf(port.Protocol, port.Published) is var key
            && !_serviceIdsByPort.Contains(key)
        )
        {
            _serviceIdsByPort.Set(key, serviceId);
        }
    }

    private void ReleasePorts(string serviceId, ValueList<PublishedPort> ports)
    {
        foreach (var port in ports)
        {
            if (
                port is { Mode: PublishMode.Ingress, Published: > 0 }
                && KeyOf(port.Protocol, port.Published) is var key
                && _serviceIdsByPort.Find(key) == serviceId
            )
            {
                _serviceIdsByPort.Remove(key, out _);
            }
        }
    }

    private static string KeyOf(PortProtocol protocol, uint published) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{published}/{(int)protocol}");
}
