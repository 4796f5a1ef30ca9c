namespace Swarm.Core.Credentials;

/// <summary>An administrator's certificate that this swarm's authority made.</summary>
public sealed record IssuedCredential
{
    /// <summary>Hexadecimal, as in the certificate.</summary>
    public required string SerialNumber { get; init; }

    /// <summary>The person or the script; many certificates may have one name.</summary>
    public required string Name { get; init; }

    /// <summary>Whole seconds, as certificates have them.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>The end in the certificate.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Null: it was not revoked.</summary>
    public DateTimeOffset? RevokedAt { get; init; }
}
