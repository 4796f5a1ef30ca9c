using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Swarm.Core.Errors;
using Swarm.Security.Certificates;

namespace Swarm.Security;

/// <summary>This node's present certificate, and the root that it trusts. Renewal replaces the certificate; new connections use the new
/// one.</summary>
public sealed class ClusterCredentials
{
    private readonly SwarmTrust _trust;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly HashSet<OpenCall> _open = [];
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

    /// <summary>Says why administrators' certificates cannot be judged here and now: the answer to their calls. Null: they can be. Called before
    /// <see cref="IsRevoked"/>.</summary>
    public Func<SwarmException?> CannotJudge { get; set; } = static () => null;

    /// <summary>Says whether an administrator's certificate was revoked. Called for each handshake and each call.</summary>
    public Func<AdministratorCertificate, bool> IsRevoked { get; set; } = static _ => false;

    /// <summary>The identity in a peer's certificate, if it is accepted now; else null.</summary>
    public PeerIdentity? Verify(X509Certificate2? certificate) =>
        Judge(certificate) is { Fault: CertificateFault.None } accepted ? accepted.Identity : null;

    /// <summary>Ends a call that lasts when its administrator's certificate is revoked.</summary>
    /// <param name="certificate">The caller's, which was judged.</param>
    /// <param name="administrator">The administrator that it stands for.</param>
    /// <param name="end">Ends the call. Runs at most once, on a thread of its own.</param>
    /// <returns>To be disposed of when the call has ended.</returns>
    public IDisposable EndWhenRevoked(X509Certificate2 certificate, PeerIdentity administrator, Action end)
    {
        var call = new OpenCall(this, AdministratorCertificate.Of(certificate, administrator), end);
        lock (_gate)
        {
            _open.Add(call);
        }
        // It may have been revoked since the call was let in.
        if (IsRevoked(call.Certificate))
        {
            EndSoon(call);
        }
        return call;
    }

    /// <summary>Ends the calls whose certificates were revoked since they began.</summary>
    public void EndRevoked()
    {
        OpenCall[] open;
        lock (_gate)
        {
            open = [.. _open];
        }
        foreach (var call in open.Where(c => IsRevoked(c.Certificate)))
        {
            EndSoon(call);
        }
    }

    /// <summary>Whether a peer's certificate is accepted now, and why not.</summary>
    public CertificateVerdict Judge(X509Certificate2? certificate)
    {
        var verdict = _trust.Judge(certificate);
        return verdict is not { Fault: CertificateFault.None, Identity: { Role: CertificateRole.Admin } peer } ? verdict
            : CannotJudge() is { } refusal ? CertificateVerdict.NotJudged(peer, refusal)
            : IsRevoked(AdministratorCertificate.Of(certificate!, peer))
                ? new(CertificateFault.Revoked, peer, $"the certificate of '{peer.Name}' was revoked")
            : verdict;
    }

    /// <summary>Whether this node's own certificate is valid by the clock here, and why not.</summary>
    public CertificateVerdict Own => CertificateVerdict.OfTime(_identity.Subject, _identity.Certificate, _time.GetUtcNow());

    /// <summary>Uses another certificate from now on.</summary>
    /// <exception cref="ArgumentException">The certificate is of another node or swarm.</exception>
    public void Replace(NodeIdentity identity)
    {
        if (identity.NodeId != _identity.NodeId || identity.ClusterId != _identity.ClusterId)
        {
            throw new ArgumentException("The certificate is of another node.", nameof(identity));
        }
        _identity = identity;
        Renewed?.Invoke();
    }

    /// <summary>True while the certificate is valid by the clock here.</summary>
    public bool IsCurrent => Own.Fault == CertificateFault.None;

    /// <summary>The server side of a cluster connection: presents this node, asks for a client certificate and verifies it if there is
    /// one.</summary>
    /// <remarks>A connection without a certificate is accepted here, since the certificate authority must be reachable without. So is a certificate
    /// of this swarm whose refusal a call can explain (<see cref="CertificateVerdict.IsToldInCall"/>). Each call is judged again.</remarks>
    /// <param name="refused">Called with the reason when the handshake fails for the peer's certificate.</param>
    /// <param name="protocols">The protocols of the port.</param>
    public SslServerAuthenticationOptions ServerOptions(
        Action<CertificateVerdict> refused,
        params List<SslApplicationProtocol> protocols
    ) =>
        new()
        {
            ServerCertificate = _identity.Certificate,
            ClientCertificateRequired = true,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            EnabledSslProtocols = ClusterTls.Protocols,
            ApplicationProtocols = protocols,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                if (certificate is null)
                {
                    return true;
                }
                var verdict = Judge(certificate as X509Certificate2);
                if (verdict.Fault == CertificateFault.None || verdict.IsToldInCall)
                {
                    return true;
                }
                refused(verdict);
                return false;
            },
        };

    /// <summary>The client side of a cluster connection: presents this node and accepts a manager of the swarm, whatever its
    /// address. A refusal is a <see cref="PeerCertificateException"/>.</summary>
    public SslClientAuthenticationOptions ClientOptions(params List<SslApplicationProtocol> protocols)
    {
        var options = ClusterTls.ClientOptions(certificate => _trust.RequireManager(certificate), _identity.Certificate);
        options.ApplicationProtocols = protocols;
        return options;
    }

    private static void EndSoon(OpenCall call) => ThreadPool.UnsafeQueueUserWorkItem(static c => c.End(), call, preferLocal: false);

    private sealed class OpenCall(ClusterCredentials owner, AdministratorCertificate certificate, Action end) : IDisposable
    {
        private readonly Lock _ending = new();
        private bool _ended;

        public AdministratorCertificate Certificate => certificate;

        /// <summary>Ends the call, unless it has ended: what it ran on may serve another call by then.</summary>
        public void End()
        {
            lock (_ending)
            {
                if (!_ended)
                {
                    _ended = true;
                    end();
                }
            }
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._open.Remove(this);
            }
            lock (_ending)
            {
                _ended = true;
            }
        }
    }
}
