using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Certificates;

/// <summary>Trust in one swarm's root and nothing else: the machine's own certificate stores are not asked.</summary>
/// <param name="rootCertificate">DER.</param>
/// <param name="clusterId">Certificates of this swarm carry it as organization.</param>
/// <param name="time">When a certificate is valid is judged by this clock.</param>
public sealed class SwarmTrust(byte[] rootCertificate, string clusterId, TimeProvider time)
{
    /// <summary>The identity of a peer whose certificate was signed by the root, is within its life and of this swarm; else null.</summary>
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

    /// <summary>The certificate carries the root's signature, whether it is within its life or not.</summary>
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
