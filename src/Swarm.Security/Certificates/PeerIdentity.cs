using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Certificates;

/// <summary>The subject of a certificate of the swarm's CA: CN is the node id (or the administrator's name), OU the role, O the cluster
/// id.</summary>
public sealed record PeerIdentity(string Name, CertificateRole Role, string ClusterId)
{
    private const string CommonName = "2.5.4.3";
    private const string OrganizationalUnit = "2.5.4.11";
    private const string Organization = "2.5.4.10";

    /// <summary>Reads the subject; null when it is not one of a swarm's certificates. Proves nothing: see <see cref="SwarmTrust"/>.</summary>
    public static PeerIdentity? Read(X509Certificate2 certificate)
    {
        string? name = null;
        string? unit = null;
        string? organization = null;
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements)
            {
                return null;
            }
            switch (part.GetSingleElementType().Value)
            {
                case CommonName:
                    name = part.GetSingleElementValue();
                    break;
                case OrganizationalUnit:
                    unit = part.GetSingleElementValue();
                    break;
                case Organization:
                    organization = part.GetSingleElementValue();
                    break;
                default:
                    break;
            }
        }
        return CertificateRoleNames.Parse(unit) is { } role && !string.IsNullOrEmpty(name) && !string.IsNullOrEmpty(organization)
            ? new PeerIdentity(name, role, organization)
            : null;
    }

    /// <summary>The subject of a certificate that names this identity.</summary>
    public X500DistinguishedName ToSubject()
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddOrganizationName(ClusterId);
        builder.AddOrganizationalUnitName(CertificateRoleNames.Of(Role));
        builder.AddCommonName(Name);
        return builder.Build();
    }
}
