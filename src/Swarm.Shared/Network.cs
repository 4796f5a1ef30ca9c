namespace Swarm;

public sealed class Network
{
    public string Id { get; set; } = "";
    public string Name { get; set; } = "";
    public string Driver { get; set; } = "";

    /// <summary>swarm: the network is on every node that runs a task of it.</summary>
    public string Scope { get; set; } = "";
    public bool Attachable { get; set; }
    public bool Internal { get; set; }

    /// <summary>The network of the published ports.</summary>
    public bool Ingress { get; set; }
    public bool IPv6 { get; set; }
    public bool Encrypted { get; set; }

    /// <summary>In CIDR notation.</summary>
    public string[] Subnet { get; set; } = [];
    public string[] Gateway { get; set; } = [];
    public Dictionary<string, string> Labels { get; set; } = [];
    public Dictionary<string, string> Options { get; set; } = [];
    public DateTime? CreatedAt { get; set; }

    public override string ToString() => Name;
}
