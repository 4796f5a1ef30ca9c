using Swarm.Core.Model;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>A port of the node itself, which one task at a time can have.</summary>
internal readonly record struct HostPort(PortProtocol Protocol, uint Number) : IComparable<HostPort>
{
    /// <summary>Those that a spec publishes in host mode, each once, in order. Ports of the ingress are the swarm's, and one that is chosen on the node is always free.</summary>
    public static ValueList<HostPort> Of(ServiceSpec spec)
    {
        SortedSet<HostPort>? ports = null;
        foreach (var port in spec.Ports.AsSpan())
        {
            if (port is { Mode: PublishMode.Host, Published: > 0 })
            {
                (ports ??= []).Add(new HostPort(port.Protocol, port.Published));
            }
        }
        return ports is null ? [] : ports.ToValueList();
    }

    public int CompareTo(HostPort other) => (Number, Protocol).CompareTo((other.Number, other.Protocol));

    public override string ToString() => $"{Number}/{Protocol.ToString().ToLowerInvariant()}";
}
