using System.Security.Cryptography;
using Swarm.Core.Errors;
using Swarm.Core.Validation;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Security.Certificates;

/// <summary>Certificates for administrators and scripts that are no nodes.</summary>
public static class ClientCertificates
{
    /// <summary>Validity of an administrator's certificate when the request names none; the same as a node's.</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(90);

    private static readonly TimeSpan ShortestLifetime = TimeSpan.FromMinutes(1);

    /// <summary>Characters of a common name. Source: RFC 5280 appendix A (ub-common-name).</summary>
    private const int LongestName = 64;

    /// <summary>Signs the request. The answer lacks the managers' addresses.</summary>
    /// <param name="authority">The swarm's authority.</param>
    /// <param name="clusterId">Id of the swarm.</param>
    /// <param name="request">Name of the person or script, and the certificate request (PKCS #10, DER).</param>
    /// <param name="lifetime">From 1 minute to the validity of the root.</param>
    /// <param name="now">Start of the validity.</param>
    /// <exception cref="SwarmException">InvalidName, InvalidSetting, InvalidCertificateRequest.</exception>
    public static V1.IssueClientCertificateResponse Issue(
        CertificateAuthority authority,
        string clusterId,
        V1.IssueClientCertificateRequest request,
        TimeSpan lifetime,
        DateTimeOffset now
    )
    {
        var name = request.Name.Trim();
        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "InvalidName",
                $"The name of a client certificate must have 1 to {LongestName} characters and no control characters.",
                name,
                "Give the person's or the script's name."
            );
        }
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
        var identity = new PeerIdentity(name, CertificateRole.Admin, clusterId);
        var certificate = authority.Sign(request.CertificateRequest.Span, identity, lifetime, now);
        var root = Pem(authority.RootCertificate);
        return new V1.IssueClientCertificateResponse { Certificate = Pem(certificate) + root, RootCertificate = root };
    }

    private static string Pem(byte[] der) => PemEncoding.WriteString("CERTIFICATE", der) + "\n";
}
