namespace Swarm.Core.Validation;

/// <summary>How long certificates of a swarm may live.</summary>
public static class CertificateLifetimes
{
    /// <summary>Life of the root, and the longest of any other. Source: moby/swarmkit ca/certificates.go (RootCAExpiration).</summary>
    public static readonly TimeSpan Root = TimeSpan.FromDays(20 * 365);

    /// <summary>The shortest life that a node's certificate may be given. Source: moby/swarmkit (MinNodeCertExpiration).</summary>
    public static readonly TimeSpan ShortestOfNode = TimeSpan.FromHours(1);
}
