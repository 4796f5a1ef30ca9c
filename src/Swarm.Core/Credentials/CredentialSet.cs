namespace Swarm.Core.Credentials;

/// <summary>The administrators' certificates that were made, and what is refused of them. Immutable: a change makes another set.</summary>
/// <remarks>It is bounded, and no bound keeps anybody from revoking. Where a list is full, its oldest revocations are forgotten one by one.
/// <see cref="ForgottenUntil"/> takes their place: it refuses more than they did, and never less. It touches no certificate that is on
/// record.</remarks>
public sealed class CredentialSet
{
    /// <summary>Certificates, and revoked names, that a swarm keeps. Every call of an administrator looks through them.</summary>
    public const int Most = 1000;

    /// <summary>A certificate that has ended stays in the list for this long.</summary>
    public static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(30);

    /// <param name="issued">In the order in which they were made.</param>
    /// <param name="revokedNames">Each name once.</param>
    /// <param name="forgottenUntil">See <see cref="ForgottenUntil"/>.</param>
    public CredentialSet(
        IReadOnlyList<IssuedCredential> issued,
        IReadOnlyList<RevokedName> revokedNames,
        DateTimeOffset? forgottenUntil = null
    )
    {
        Issued = issued;
        RevokedNames = revokedNames;
        ForgottenUntil = forgottenUntil;
    }

    public static CredentialSet Empty { get; } = new([], []);

    /// <summary>In the order in which they were made.</summary>
    public IReadOnlyList<IssuedCredential> Issued { get; }

    public IReadOnlyList<RevokedName> RevokedNames { get; }

    /// <summary>Certificates that are not on record, and were made until then, are refused: revocations of that time have been forgotten. Null:
    /// none has.</summary>
    public DateTimeOffset? ForgottenUntil { get; }

    /// <summary>The certificates that take up room: they are neither revoked nor have they ended.</summary>
    /// <param name="now">The present.</param>
    public int CountValid(DateTimeOffset now) => Issued.Count(c => c.RevokedAt is null && c.ExpiresAt > now);

    public IssuedCredential? Find(string serialNumber) => Issued.FirstOrDefault(c => SameSerial(c.SerialNumber, serialNumber));

    /// <summary>Certificates of the name that were made until then are refused; null: the name was never revoked.</summary>
    public DateTimeOffset? RevokedUntil(string name) => RevokedNames.FirstOrDefault(r => r.Name == name)?.Until;

    /// <summary>True when the certificate is refused before its end.</summary>
    /// <param name="name">The name in it.</param>
    /// <param name="serialNumber">Hexadecimal.</param>
    /// <param name="issuedAt">When it was made, by its own beginning.</param>
    public bool IsRevoked(string name, string serialNumber, DateTimeOffset issuedAt) =>
        RevokedUntil(name) >= issuedAt || (Find(serialNumber) is { } known ? known.RevokedAt is not null : ForgottenUntil >= issuedAt);

    /// <summary>Adds a certificate. Certificates that ended long before are forgotten. Where there are too many, the oldest that have ended are
    /// forgotten, and then the oldest that were revoked.</summary>
    public CredentialSet Issue(IssuedCredential credential)
    {
        var now = credential.IssuedAt;
        // A revoked one that has ended is kept while there is room. A clock that was ahead for a while must not make it valid again.
        var kept = Issued.Where(c => c.RevokedAt is not null || c.ExpiresAt + KeptAfterEnd >= now).ToList();
        var forgotten = kept.Where(c => c.RevokedAt is not null || c.ExpiresAt <= now)
            .OrderBy(c => (c.RevokedAt is not null, c.ExpiresAt > now))
            .Take(Math.Max(0, kept.Count + 1 - Most))
            .ToHashSet();
        return new(
            [.. kept.Where(c => !forgotten.Contains(c)), credential],
            RevokedNames,
            forgotten
                .Where(static c => c.RevokedAt is not null)
                .Select(static c => (DateTimeOffset?)c.IssuedAt)
                .Append(ForgottenUntil)
                .Max()
        );
    }

    /// <summary>Revokes one certificate. A revoked certificate keeps its moment.</summary>
    public CredentialSet Revoke(string serialNumber, DateTimeOffset at) =>
        new([.. Issued.Select(c => SameSerial(c.SerialNumber, serialNumber) ? Revoked(c, at) : c)], RevokedNames, ForgottenUntil);

    /// <summary>Revokes all certificates of a name that were made until now, also those without a record. Certificates on record count as made
    /// before, whatever a clock that was ahead wrote into them.</summary>
    public CredentialSet RevokeName(string name, DateTimeOffset at)
    {
        var until = Issued.Where(c => c.Name == name).Select(static c => c.IssuedAt).Append(RevokedUntil(name) ?? at).Append(at).Max();
        var revoked = new CredentialSet(
            [.. Issued.Select(c => c.Name == name ? Revoked(c, at) : c)],
            [.. RevokedNames.Where(r => r.Name != name), new RevokedName(name, until)],
            ForgottenUntil
        );
        return revoked.RevokedNames.Count <= Most ? revoked : revoked.ForgetOldestName();
    }

    /// <summary>Forgets the name that was revoked first. Its certificates on record are marked themselves; the others were made until then.</summary>
    private CredentialSet ForgetOldestName()
    {
        var oldest = RevokedNames.MinBy(static r => r.Until)!;
        return new(
            [.. Issued.Select(c => c.Name == oldest.Name && c.IssuedAt <= oldest.Until ? Revoked(c, oldest.Until) : c)],
            [.. RevokedNames.Where(r => r != oldest)],
            ForgottenUntil > oldest.Until ? ForgottenUntil : oldest.Until
        );
    }

    private static IssuedCredential Revoked(IssuedCredential credential, DateTimeOffset at) =>
        credential.RevokedAt is null ? credential with { RevokedAt = at } : credential;

    private static bool SameSerial(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
