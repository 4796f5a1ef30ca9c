using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security;

/// <summary>The common settings of every TLS connection between nodes.</summary>
public static class ClusterTls
{
    /// <summary>The host name for the handshake: a certificate identifies a peer, not a host name.</summary>
    public const string TargetHost = "swarm-manager";

    public const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Options of a client for which <paramref name="accept"/> alone decides about the server.</summary>
    public static SslClientAuthenticationOptions ClientOptions(Func<X509Certificate2, bool> accept, X509Certificate2? own) =>
        new()
        {
            TargetHost = TargetHost,
            EnabledSslProtocols = Protocols,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 peer && accept(peer),
            ClientCertificates = own is null ? null : [own],
            LocalCertificateSelectionCallback = own is null ? null : (_, _, _, _, _) => own,
        };
}
