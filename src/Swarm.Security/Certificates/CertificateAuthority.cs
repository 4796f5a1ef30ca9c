using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Core.Errors;
using Swarm.Core.Validation;

namespace Swarm.Security.Certificates;

/// <summary>The swarm's certificate authority: an ECDSA P-256 root in the replicated state, which signs certificates.</summary>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>Certificates begin this long before now, for machines whose clock is slow. Source: moby/swarmkit (CertBackdate).</summary>
    public static readonly TimeSpan Backdate = TimeSpan.FromHours(1);

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _root;

    /// <param name="rootCertificate">DER.</param>
    /// <param name="rootKey">PKCS#8.</param>
    /// <exception cref="CryptographicException">They cannot be read or do not match.</exception>
    public CertificateAuthority(ReadOnlySpan<byte> rootCertificate, ReadOnlySpan<byte> rootKey)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(rootCertificate);
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(rootKey, out _);
        _root = certificate.CopyWithPrivateKey(key);
        RootCertificate = rootCertificate.ToArray();
    }

    /// <summary>DER.</summary>
    public byte[] RootCertificate { get; }

    /// <summary>No certificate of the root lives longer.</summary>
    public DateTimeOffset RootEndsAt => _root.NotAfter.ToUniversalTime();

    /// <summary>Creates a root: its certificate (DER) and private key (PKCS#8).</summary>
    public static (byte[] Certificate, byte[] Key) CreateRoot(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=swarm-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 1, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var root = request.CreateSelfSigned(now - Backdate, now + CertificateLifetimes.Root);
        return (root.RawData, key.ExportPkcs8PrivateKey());
    }

    /// <summary>Signs a request. Only its public key is used: the authority sets subject, names, usages and validity.</summary>
    /// <param name="certificateRequest">PKCS#10, DER, signed by its key.</param>
    /// <param name="identity">The subject of the certificate.</param>
    /// <param name="lifetime">From <paramref name="now"/> on; limited by the root's end.</param>
    /// <param name="now">The time of signing.</param>
    /// <param name="serialNumber">16 bytes; null: random.</param>
    /// <returns>DER.</returns>
    /// <exception cref="SwarmException">InvalidCertificateRequest.</exception>
    public byte[] Sign(
        ReadOnlySpan<byte> certificateRequest,
        PeerIdentity identity,
        TimeSpan lifetime,
        DateTimeOffset now,
        byte[]? serialNumber = null
    )
    {
        CertificateRequest asked;
        try
        {
            asked = CertificateRequest.LoadSigningRequest(certificateRequest.ToArray(), HashAlgorithmName.SHA256, out _);
            using var key = asked.PublicKey.GetECDsaPublicKey();
            if (key is null || key.KeySize != 256)
            {
                throw Invalid("The certificate request must be for an ECDSA P-256 key.");
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw Invalid("The certificate request is not a valid PKCS#10 request signed by its own key.", e);
        }
        var request = new CertificateRequest(identity.ToSubject(), asked.PublicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(Usages(identity.Role), false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, true, false));
        if (identity.Role != CertificateRole.Admin)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(identity.Name);
            names.AddDnsName(CertificateRoleNames.Of(identity.Role));
            request.CertificateExtensions.Add(names.Build());
        }
        // .NET refuses a certificate that begins before, or ends after, its issuer.
        var from = Later(now - Backdate, _root.NotBefore);
        var until = Earlier(now + lifetime, _root.NotAfter);
        using var certificate = request.Create(_root, from, until, serialNumber ?? NewSerialNumber());
        return certificate.RawData;
    }

    /// <summary>16 random bytes that are a positive number without leading zeros: its text is the same in every form.</summary>
    public static byte[] NewSerialNumber()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    public void Dispose() => _root.Dispose();

    private static OidCollection Usages(CertificateRole role)
    {
        var usages = new OidCollection { new Oid(ClientAuthentication) };
        if (role != CertificateRole.Admin)
        {
            usages.Add(new Oid(ServerAuthentication));
        }
        return usages;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTime b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTime b) => a < b ? a : b;

    private static SwarmException Invalid(string message, Exception? inner = null) =>
        new(SwarmErrorKind.InvalidArgument, "InvalidCertificateRequest", message, inner: inner);
}
