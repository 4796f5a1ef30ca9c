namespace Swarm;

/// <summary>A client certificate that the swarm's CA made for an administrator.</summary>
public sealed class Credential
{
    public string Name { get; set; } = "";

    /// <summary>Hexadecimal, as in the certificate.</summary>
    public string SerialNumber { get; set; } = "";
    public CredentialState State { get; set; }
    public DateTime? IssuedAt { get; set; }
    public DateTime? ExpiresAt { get; set; }

    /// <summary>Null: it was not revoked.</summary>
    public DateTime? RevokedAt { get; set; }

    public override string ToString() => $"{Name} ({SerialNumber})";
}

public enum CredentialState
{
    Valid = 0,
    Expired = 1,

    /// <summary>Refused, whether or not its time is over.</summary>
    Revoked = 2,
}
