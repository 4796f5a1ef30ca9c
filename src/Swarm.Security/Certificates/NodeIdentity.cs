using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Certificates;

/// <summary>A node's certificate with its private key, and the root that signed it.</summary>
public sealed class NodeIdentity
{
    private NodeIdentity(X509Certificate2 certificate, byte[] key, byte[] rootCertificate, PeerIdentity subject)
    {
        Certificate = certificate;
        PrivateKey = key;
        RootCertificate = rootCertificate;
        Subject = subject;
    }

    /// <summary>The certificate with its private key, in a form that TLS accepts on every platform.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>PKCS#8.</summary>
    public byte[] PrivateKey { get; }

    /// <summary>DER.</summary>
    public byte[] RootCertificate { get; }
    public PeerIdentity Subject { get; }
    public string NodeId => Subject.Name;
    public string ClusterId => Subject.ClusterId;

    /// <summary>A new key and the request (PKCS#10, DER) for its certificate. The authority chooses the subject.</summary>
    public static (byte[] Key, byte[] CertificateRequest) CreateRequest()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=swarm-node", key, HashAlgorithmName.SHA256);
        return (key.ExportPkcs8PrivateKey(), request.CreateSigningRequest());
    }

    /// <summary>Combines certificate (DER), key (PKCS#8) and root (DER).</summary>
    /// <exception cref="CryptographicException">They cannot be read, do not match, the root has not signed the certificate, or the subject
    /// is not a swarm's.</exception>
    public static NodeIdentity Create(byte[] certificate, byte[] key, byte[] rootCertificate)
    {
        using var bare = X509CertificateLoader.LoadCertificate(certificate);
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(key, out _);
        if (!SwarmTrust.IsSigned(bare, rootCertificate))
        {
            throw new CryptographicException("The certificate was not signed by the root beside it.");
        }
        X509Certificate2 joined;
        try
        {
            joined = bare.CopyWithPrivateKey(ecdsa);
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException("The private key does not belong to the certificate.", e);
        }
        if (OperatingSystem.IsWindows())
        {
            // Schannel cannot use a key that is in memory only.
            using var ephemeral = joined;
            joined = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pfx), null);
        }
        var subject =
            PeerIdentity.Read(joined) ?? throw new CryptographicException("The certificate's subject does not name a node of a swarm.");
        return new NodeIdentity(joined, key, rootCertificate, subject);
    }
}
