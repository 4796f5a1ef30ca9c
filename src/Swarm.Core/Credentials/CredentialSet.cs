namespace Swarm.Core.Credentials;

/// <summary>The administrators' certificates that were made, and what is refused of them. Immutable: a change makes another set.</summary>
public sealed class CredentialSet
{
    /// <summary>Certificates, and revoked names, that a swarm keeps. Every call of an administrator looks through them.</summary>
    public const int Most = 1000;

    /// <summary>A certificate that has ended stays in the list for this long.</summary>
    public static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(30);

    /// <param name="issued">In the order in which they were made.</param>
    /// <param name="revokedNames">Each name once.</param>
    public CredentialSet(IReadOnlyList<IssuedCredential> issued, IReadOnlyList<RevokedName> revokedNames)
    {
        Issued = issued;
        RevokedNames = revokedNames;
    }

    public static CredentialSet Empty { get; } = new([], []);

    /// <summary>In the order in which they were made.</summary>
    public IReadOnlyList<IssuedCredential> Issued { get; }

    public IReadOnlyList<RevokedName> RevokedNames { get; }

    public IssuedCredential? Find(string serialNumber) => Issued.FirstOrDefault(c => SameSerial(c.SerialNumber, serialNumber));

    /// <summary>Certificates of the name that were made until then are refused; null: the name was never revoked.</summary>
    public DateTimeOffset? RevokedUntil(string name) => RevokedNames.FirstOrDefault(r => r.Name == name)?.Until;

    /// <summary>True when the certificate is refused before its end.</summary>
    /// <param name="name">The name in it.</param>
    /// <param name="serialNumber">Hexadecimal.</param>
    /// <param name="issuedAt">When it was made, by its own beginning.</param>
    public bool IsRevoked(string name, string serialNumber, DateTimeOffset issuedAt) =>
        Find(serialNumber) is { RevokedAt: not null } || RevokedUntil(name) >= issuedAt;

    /// <summary>Adds a certificate. Certificates that ended long before are forgotten; where there are too many, the oldest that have ended. A
    /// revoked one is forgotten last: a clock that was ahead for a while must not make it valid again.</summary>
    public CredentialSet Issue(IssuedCredential credential)
    {
        var now = credential.IssuedAt;
        var kept = Issued.Where(c => c.RevokedAt is not null || c.ExpiresAt + KeptAfterEnd >= now).ToList();
        var ended = kept.Where(c => c.ExpiresAt <= now)
            .OrderBy(static c => c.RevokedAt is not null)
            .Take(Math.Max(0, kept.Count + 1 - Most))
            .ToHashSet();
        return new([.. kept.Where(c => !ended.Contains(c)), credential], RevokedNames);
    }

    /// <summary>Revokes one certificate. A revoked certificate keeps its moment.</summary>
    public CredentialSet Revoke(string serialNumber, DateTimeOffset at) =>
        new([.. Issued.Select(c => SameSerial(c.SerialNumber, serialNumber) ? Revoked(c, at) : c)], RevokedNames);

    /// <summary>Revokes all certificates of a name that were made until now, also those without a record. Certificates on record count as made
    /// before, whatever a clock that was ahead wrote into them.</summary>
    public CredentialSet RevokeName(string name, DateTimeOffset at)
    {
        var until = Issued.Where(c => c.Name == name).Select(static c => c.IssuedAt).Append(RevokedUntil(name) ?? at).Append(at).Max();
        return new(
            [.. Issued.Select(c => c.Name == name ? Revoked(c, at) : c)],
            [.. RevokedNames.Where(r => r.Name != name), new RevokedName(name, until)]
        );
    }

    private static IssuedCredential Revoked(IssuedCredential credential, DateTimeOffset at) =>
        credential.RevokedAt is null ? credential with { RevokedAt = at } : credential;

    private static bool SameSerial(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
