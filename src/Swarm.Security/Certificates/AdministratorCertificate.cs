using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Certificates;

/// <summary>The facts by which an administrator's certificate is revoked.</summary>
/// <param name="Name">The name in it.</param>
/// <param name="SerialNumber">Hexadecimal.</param>
/// <param name="IssuedAt">When it was made: its beginning without the back-dated time.</param>
public sealed record AdministratorCertificate(string Name, string SerialNumber, DateTimeOffset IssuedAt)
{
    public static AdministratorCertificate Of(X509Certificate2 certificate, PeerIdentity identity) =>
        new(identity.Name, certificate.SerialNumber, certificate.NotBefore.ToUniversalTime() + CertificateAuthority.Backdate);
}
