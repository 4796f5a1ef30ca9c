using System.Security.Cryptography;
using Swarm.Daemon.Security;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Api;

/// <summary>Certificates for administrators and scripts that are no nodes.</summary>
internal static class ClientCertificates
{
    /// <summary>Life of an administrator's certificate when the request names none; as a node's.</summary>
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(90);

    private static readonly TimeSpan ShortestLifetime = TimeSpan.FromMinutes(1);

    /// <summary>Characters of a common name. Source: RFC 5280 appendix A (ub-common-name).</summary>
    private const int LongestName = 64;

    /// <summary>Signs the request; the answer lacks the managers' addresses.</summary>
    /// <exception cref="SwarmException">InvalidName, InvalidSetting, InvalidCertificateRequest.</exception>
    public static Wire.IssueClientCertificateResponse Issue(
        CertificateAuthority authority,
        string clusterId,
        Wire.IssueClientCertificateRequest request,
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
        var lifetime = ProtocolMapping.FromWire(request.Expiry, DefaultLifetime, "Expiry");
        if (lifetime < ShortestLifetime || lifetime > CertificateAuthority.RootLifetime)
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
        return new Wire.IssueClientCertificateResponse { Certificate = Pem(certificate) + root, RootCertificate = root };
    }

    private static string Pem(byte[] der) => PemEncoding.WriteString("CERTIFICATE", der) + "\n";
}
