using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Certificates;

/// <summary>Trusts one swarm's root and nothing else: the machine's own certificate stores are not used.</summary>
/// <param name="rootCertificate">DER.</param>
/// <param name="clusterId">Certificates of this swarm have it as organization.</param>
/// <param name="time">The clock for checking validity.</param>
public sealed class SwarmTrust(byte[] rootCertificate, string clusterId, TimeProvider time)
{
    /// <summary>Whether a peer's certificate is accepted now, and why not.</summary>
    public CertificateVerdict Judge(X509Certificate2? certificate)
    {
        if (certificate is null)
        {
            return CertificateVerdict.Missing;
        }
        if (
            PeerIdentity.Read(certificate) is not { } identity
            || identity.ClusterId != clusterId
            || !IsSigned(certificate, rootCertificate)
        )
        {
            return CertificateVerdict.Foreign;
        }
        // The root's own time is not asked: it is twenty years, and begins before that of every certificate that it signed.
        return CertificateVerdict.OfTime(identity, certificate, time.GetUtcNow());
    }

    /// <summary>Accepts the certificate of a manager of this swarm.</summary>
    /// <returns>True.</returns>
    /// <exception cref="PeerCertificateException">Any other certificate, with the reason.</exception>
    public bool RequireManager(X509Certificate2 certificate)
    {
        var verdict = Judge(certificate);
        if (verdict.Fault != CertificateFault.None)
        {
            throw new PeerCertificateException(verdict.Fault, verdict.By("this host's"));
        }
        return verdict.Identity!.Role == CertificateRole.Manager
            ? true
            : throw new PeerCertificateException(
                CertificateFault.Foreign,
                $"its certificate is that of {verdict.Identity.Name}, which is no manager"
            );
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
