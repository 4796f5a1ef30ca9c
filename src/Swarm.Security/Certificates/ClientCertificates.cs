using System.Security.Cryptography;
using Swarm.Core.Credentials;
using Swarm.Core.Errors;
using Swarm.Core.Validation;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Security.Certificates;

/// <summary>Certificates for administrators and scripts that are no nodes. The record comes first: nothing is signed that cannot be listed and
/// revoked.</summary>
public static class ClientCertificates
{
    /// <summary>Validity of an administrator's certificate when the request names none. Unlike a node, nobody renews it.</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(365);

    private static readonly TimeSpan ShortestLifetime = TimeSpan.FromMinutes(1);

    /// <summary>Characters of a common name. Source: RFC 5280 appendix A (ub-common-name).</summary>
    private const int LongestName = 64;

    /// <summary>The record of a certificate that is to be made.</summary>
    /// <param name="authority">The swarm's authority.</param>
    /// <param name="name">Name of the person or script.</param>
    /// <param name="lifetime">From 1 minute to the validity of the root.</param>
    /// <param name="known">The certificates so far.</param>
    /// <param name="now">Start of the validity.</param>
    /// <exception cref="SwarmException">InvalidName, InvalidSetting, TooManyCredentials.</exception>
    public static IssuedCredential Prepare(
        CertificateAuthority authority,
        string name,
        TimeSpan lifetime,
        CredentialSet known,
        DateTimeOffset now
    )
    {
        name = Plain(name);
        RequireName(name);
        if (lifetime < ShortestLifetime || lifetime > CertificateLifetimes.Root)
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "InvalidSetting",
                $"A client certificate cannot live {lifetime}.",
                lifetime.ToString(),
                "Give a duration from 1m to 20 years."
            );
        }
        RequireRoom(known.CountValid(now));
        var from = WholeSeconds(now);
        // Certificates that were made until the name's revocation are refused: this one is made after it.
        if (known.RevokedUntil(name) is { } until && until >= from)
        {
            from = WholeSeconds(until) + TimeSpan.FromSeconds(1);
        }
        var end = WholeSeconds(from + lifetime);
        return new IssuedCredential
        {
            SerialNumber = Convert.ToHexString(CertificateAuthority.NewSerialNumber()),
            Name = name,
            IssuedAt = from,
            ExpiresAt = end < authority.RootEndsAt ? end : authority.RootEndsAt,
        };
    }

    /// <summary>Signs the request as the record says. The answer lacks the managers' addresses.</summary>
    /// <exception cref="SwarmException">InvalidCertificateRequest.</exception>
    public static V1.IssueClientCertificateResponse Sign(
        CertificateAuthority authority,
        string clusterId,
        ReadOnlySpan<byte> certificateRequest,
        IssuedCredential credential
    )
    {
        var certificate = authority.Sign(
            certificateRequest,
            new PeerIdentity(credential.Name, CertificateRole.Admin, clusterId),
            credential.ExpiresAt - credential.IssuedAt,
            credential.IssuedAt,
            Convert.FromHexString(credential.SerialNumber)
        );
        var root = Pem(authority.RootCertificate);
        return new V1.IssueClientCertificateResponse { Certificate = Pem(certificate) + root, RootCertificate = root };
    }

    /// <summary>The name or the number of a revocation in the form in which certificates have it: the spaces around it are not part of it.</summary>
    public static V1.RevokeCredentialRequest Read(V1.RevokeCredentialRequest request) =>
        new()
        {
            RequestId = request.RequestId,
            Name = Plain(request.Name),
            SerialNumber = Plain(request.SerialNumber),
        };

    /// <summary>Checks what is to be revoked: a number that is on record, or a name that certificates can have.</summary>
    /// <param name="known">The certificates so far.</param>
    /// <param name="request">As <see cref="Read"/> gives it.</param>
    /// <exception cref="SwarmException">CredentialNotFound, InvalidName, InvalidArgument.</exception>
    public static void CheckRevocation(CredentialSet known, V1.RevokeCredentialRequest request)
    {
        if ((request.SerialNumber.Length > 0) == (request.Name.Length > 0))
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "InvalidArgument",
                "A revocation names either a serial number or a name.",
                action: "Give one of them."
            );
        }
        if (request.Name.Length > 0)
        {
            // An earlier version has made certificates with names that are refused today: those can be revoked.
            if (request.Name.Length > LongestName || request.Name.Any(char.IsControl))
            {
                RequireName(request.Name);
            }
        }
        else if (known.Find(request.SerialNumber) is null)
        {
            throw new SwarmException(
                SwarmErrorKind.NotFound,
                "CredentialNotFound",
                $"There is no client certificate with the serial number '{request.SerialNumber}' on record.",
                request.SerialNumber,
                "Get-SwarmCredential lists them. Certificates of earlier versions are not on record: revoke them by name, with -Name."
            );
        }
    }

    private static string Plain(string text) => text.Trim();

    private static void RequireName(string name)
    {
        if (name.Length is 0 or > LongestName || !VisibleText.IsPlain(name))
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "InvalidName",
                $"The name of a client certificate must have 1 to {LongestName} characters, and neither control characters nor invisible ones.",
                name,
                "Give the person's or the script's name."
            );
        }
    }

    private static void RequireRoom(int count)
    {
        if (count >= CredentialSet.Most)
        {
            throw new SwarmException(
                SwarmErrorKind.ResourceExhausted,
                "TooManyCredentials",
                $"There are {count} client certificates already that are valid.",
                action: "Revoke those that are not used any more: Get-SwarmCredential lists them for Revoke-SwarmCredential. A shorter -Expiry lets them end by themselves."
            );
        }
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);

    private static string Pem(byte[] der) => PemEncoding.WriteString("CERTIFICATE", der) + "\n";
}
