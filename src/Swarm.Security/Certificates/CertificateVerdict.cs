using System.Security.Cryptography.X509Certificates;
using Swarm.Core.Errors;

namespace Swarm.Security.Certificates;

/// <summary>The judgement of a certificate.</summary>
/// <param name="Fault">None: the certificate is accepted.</param>
/// <param name="Identity">The subject, which the swarm's root has signed; null when the fault is Missing or Foreign.</param>
/// <param name="Reason">The fault in words, without a full stop; empty when there is none. It holds nothing of a foreign certificate, whose text may be
/// anything.</param>
/// <param name="Clock">The time by which it was judged; null when no clock was asked.</param>
public sealed record CertificateVerdict(CertificateFault Fault, PeerIdentity? Identity, string Reason, DateTimeOffset? Clock = null)
{
    /// <summary>The certificate is the swarm's, and what stands in the way is a matter of time or of the node that was asked. A handshake cannot tell
    /// the peer why it ends, and the status of a call can.</summary>
    public bool IsToldInCall => Fault is CertificateFault.NotYetValid or CertificateFault.Ended or CertificateFault.NotJudged;

    /// <summary>The answer to a call with a certificate that is not judged here; else null.</summary>
    public SwarmException? Refusal { get; private init; }

    internal static CertificateVerdict Missing { get; } = new(CertificateFault.Missing, null, "it presents no certificate");

    internal static CertificateVerdict Foreign { get; } =
        new(CertificateFault.Foreign, null, "its certificate was not issued by this swarm");

    /// <summary>An administrator's certificate on a node that does not know what was revoked.</summary>
    internal static CertificateVerdict NotJudged(PeerIdentity administrator, SwarmException refusal) =>
        new(
            CertificateFault.NotJudged,
            administrator,
            $"this node does not know whether the certificate of '{administrator.Name}' was revoked"
        )
        {
            Refusal = refusal,
        };

    /// <summary>The fault, and the clock that found it, if one did.</summary>
    /// <param name="clock">Whose clock it is: "this host's".</param>
    public string By(string clock) => Clock is { } now ? $"{Reason}, and {clock} clock says {now:u}" : Reason;

    /// <summary>Judges a certificate that the root signed by the time alone.</summary>
    internal static CertificateVerdict OfTime(PeerIdentity identity, X509Certificate2 certificate, DateTimeOffset now)
    {
        var whose =
            identity.Role == CertificateRole.Admin ? $"the certificate of '{identity.Name}'" : $"the certificate of node {identity.Name}";
        var from = certificate.NotBefore.ToUniversalTime();
        var until = certificate.NotAfter.ToUniversalTime();
        return now.UtcDateTime < from ? new(CertificateFault.NotYetValid, identity, $"{whose} is not valid before {from:u}", now)
            : now.UtcDateTime > until ? new(CertificateFault.Ended, identity, $"{whose} ended on {until:u}", now)
            : new(CertificateFault.None, identity, "");
    }
}
