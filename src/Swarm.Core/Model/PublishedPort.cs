namespace Swarm.Core.Model;

/// <summary>A port of a service's tasks that is published on nodes.</summary>
public sealed record PublishedPort
{
    /// <summary>The port in the container; 1 to 65535.</summary>
    public required uint Target { get; init; }

    /// <summary>The port on the nodes; 0: the swarm chooses one.</summary>
    public uint Published { get; init; }
    public PortProtocol Protocol { get; init; }
    public PublishMode Mode { get; init; }

    /// <summary>Docker's short form: <c>80:8080/tcp</c>, with <c>(host)</c> for the host mode.</summary>
    public override string ToString() =>
        (Published > 0 ? $"{Published}:" : "")
        + $"{Target}/{Protocol.ToString().ToLowerInvariant()}"
        + (Mode == PublishMode.Host ? " (host)" : "");
}

/// <summary>Transport of a published port.</summary>
public enum PortProtocol : byte
{
    Tcp = 0,
    Udp = 1,
    Sctp = 2,
}

/// <summary>Which nodes answer on a published port.</summary>
public enum PublishMode : byte
{
    /// <summary>Every node, wherever the tasks run.</summary>
    Ingress = 0,

    /// <summary>The nodes that run a task.</summary>
    Host = 1,
}
