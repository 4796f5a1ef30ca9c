namespace Swarm;

/// <summary>A connection to a swarmd, made with Connect-Swarm.</summary>
public sealed class Session
{
    public int Id { get; set; }

    /// <summary>Path of the socket, or host:port of the managers.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>The session uses a socket of this machine instead of 2377.</summary>
    public bool IsLocal { get; set; }
    public bool IsDefault { get; set; }
    public DateTime ConnectedAt { get; set; }
    public string Hostname { get; set; } = "";
    public string NodeId { get; set; } = "";
    public string ClusterId { get; set; } = "";
    public string DaemonVersion { get; set; } = "";
    public LocalNodeState State { get; set; }

    public override string ToString() => $"{Id}: {Endpoint}";
}

/// <summary>A client certificate of the swarm's CA, and the path of its file.</summary>
public sealed class ClientCredential
{
    public string Name { get; set; } = "";
    public string CertificatePath { get; set; } = "";
    public string Thumbprint { get; set; } = "";
    public DateTime ExpiresAt { get; set; }
    public string[] ManagerAddress { get; set; } = [];

    public override string ToString() => CertificatePath;
}
