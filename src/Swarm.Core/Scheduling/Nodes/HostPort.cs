using Swarm.Core.Model;

namespace Swarm.Core.Scheduling.Nodes;

/// <summary>A port of the node itself. Only one task at a time can use it.</summary>
internal readonly record struct HostPort(PortProtocol Protocol, uint Number) : IComparable<HostPort>
{
    /// <summary>The ports that a spec publishes in host mode, each once, in order. Ingress ports belong to the swarm. A port that the node
    /// itself chooses is always free.</summary>
    public static ValueList<HostPort> Of(ServiceSpec spec) => Of(spec.Ports);

    /// <inheritdoc cref="Of(ServiceSpec)"/>
    public static ValueList<HostPort> Of(ValueList<PublishedPort> published)
    {
        SortedSet<HostPort>? ports = null;
        foreach (var port in published.AsSpan())
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
