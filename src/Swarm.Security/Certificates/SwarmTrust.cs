using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Certificates;

/// <summary>Trusts one swarm's root and nothing else: the machine's own certificate stores are not used.</summary>
/// <param name="rootCertificate">DER.</param>
/// <param name="clusterId">Certificates of this swarm have it as organization.</param>
/// <param name="time">The clock for checking validity.</param>
public sealed class SwarmTrust(byte[] rootCertificate, string clusterId, TimeProvider time)
{
    /// <summary>The identity of a peer whose certificate is signed by the root, valid now and of this swarm; else null.</summary>
    public PeerIdentity? Verify(X509Certificate2? certificate)
    {
        if (certificate is null || PeerIdentity.Read(certificate) is not { } identity || identity.ClusterId != clusterId)
        {
            return null;
        }
        using var root = X509CertificateLoader.LoadCertificate(rootCertificate);
        using var chain = ChainTo(root);
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().LocalDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        return chain.Build(certificate) ? identity : null;
    }

    /// <summary>True when the root signed the certificate, whether it is valid now or not.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The root cannot be read.</exception>
    public static bool IsSigned(X509Certificate2 certificate, byte[] rootCertificate)
    {
        using var root = X509CertificateLoader.LoadCertificate(rootCertificate);
        using var chain = ChainTo(root);
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        return chain.Build(certificate);
    }

    private static X509Chain ChainTo(X509Certificate2 root)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain;
    }
}
