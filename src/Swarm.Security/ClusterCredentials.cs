using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Swarm.Security.Certificates;

namespace Swarm.Security;

/// <summary>The identity this node shows now, and what it trusts. Renewal replaces the certificate; new connections use the new one.</summary>
public sealed class ClusterCredentials
{
    private readonly SwarmTrust _trust;
    private readonly TimeProvider _time;
    private volatile NodeIdentity _identity;

    public ClusterCredentials(NodeIdentity identity, TimeProvider time)
    {
        _identity = identity;
        _time = time;
        _trust = new SwarmTrust(identity.RootCertificate, identity.ClusterId, time);
    }

    /// <summary>Raised after <see cref="Replace"/>.</summary>
    public event Action? Renewed;

    public NodeIdentity Identity => _identity;

    /// <summary>Who a peer's certificate says it is, if the swarm's root says so too; else null.</summary>
    public PeerIdentity? Verify(X509Certificate2? certificate) => _trust.Verify(certificate);

    /// <summary>Shows another certificate from now on.</summary>
    /// <exception cref="ArgumentException">It is of another node or swarm.</exception>
    public void Replace(NodeIdentity identity)
    {
        if (identity.NodeId != _identity.NodeId || identity.ClusterId != _identity.ClusterId)
        {
            throw new ArgumentException("The certificate is of another node.", nameof(identity));
        }
        _identity = identity;
        Renewed?.Invoke();
    }

    /// <summary>True while the certificate's life has not ended.</summary>
    public bool IsCurrent => _identity.Certificate.NotAfter.ToUniversalTime() > _time.GetUtcNow().UtcDateTime;

    /// <summary>Server side of a cluster connection: shows this node, asks for a client certificate and verifies it if there is one.</summary>
    /// <remarks>No certificate is let through here, since the certificate authority must be reachable without; each method decides.</remarks>
    public SslServerAuthenticationOptions ServerOptions(params List<SslApplicationProtocol> protocols) =>
        new()
        {
            ServerCertificate = _identity.Certificate,
            ClientCertificateRequired = true,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            EnabledSslProtocols = ClusterTls.Protocols,
            ApplicationProtocols = protocols,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate is null || Verify(certificate as X509Certificate2) is not null,
        };

    /// <summary>Client side of a cluster connection: shows this node and accepts a manager of the swarm, whatever its address.</summary>
    public SslClientAuthenticationOptions ClientOptions(params List<SslApplicationProtocol> protocols)
    {
        var options = ClusterTls.ClientOptions(
            certificate => Verify(certificate) is { Role: CertificateRole.Manager },
            _identity.Certificate
        );
        options.ApplicationProtocols = protocols;
        return options;
    }
}
