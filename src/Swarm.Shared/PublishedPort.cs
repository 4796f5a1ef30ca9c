namespace Swarm;

public enum PortProtocol
{
    Tcp = 0,
    Udp = 1,
    Sctp = 2,
}

public enum PublishMode
{
    Ingress = 0,
    Host = 1,
}

/// <summary>A port of a service's tasks that is published on nodes.</summary>
public sealed class PublishedPort
{
    /// <summary>The port on the nodes; 0: the swarm chooses one.</summary>
    public int Published { get; set; }

    /// <summary>The port in the container.</summary>
    public int Target { get; set; }
    public PortProtocol Protocol { get; set; }

    /// <summary>Ingress: every node answers. Host: the nodes that run a task do.</summary>
    public PublishMode Mode { get; set; }

    // As docker service ls shows it, which leaves out ports of hosts.
    public override string ToString() =>
        FormattableString.Invariant(
            $"*:{(Published == 0 ? "?" : Published)}->{Target}/{Protocol.ToString().ToLowerInvariant()}{(Mode == PublishMode.Host ? " (host)" : "")}"
        );
}
