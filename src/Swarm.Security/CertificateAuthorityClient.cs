using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Swarm.Core.Errors;
using Swarm.Protocol.V1;
using Swarm.Security.Certificates;

namespace Swarm.Security;

/// <summary>Calls a manager's certificate authority, for a new node that has only a token, or for a node that renews.</summary>
public static class CertificateAuthorityClient
{
    /// <summary>The time limit of a call.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(4);

    /// <summary>Fetches the root certificate and checks it against the token's digest.</summary>
    /// <returns>DER.</returns>
    /// <exception cref="SwarmException">CaDigestMismatch.</exception>
    /// <exception cref="RpcException">The manager cannot be reached.</exception>
    public static async Task<byte[]> GetRootCertificateAsync(string address, JoinToken token, CancellationToken cancellation)
    {
        // No root is trusted yet: the digest decides.
        using var channel = ClusterChannel.Create(address, ClusterTls.ClientOptions(static _ => true, own: null));
        var answer = await new Protocol.V1.CertificateAuthority.CertificateAuthorityClient(channel).GetRootCertificateAsync(
            new GetRootCertificateRequest(),
            deadline: DateTime.UtcNow + CallTimeout,
            cancellationToken: cancellation
        );
        var root = answer.Certificate.ToByteArray();
        if (JoinToken.Fingerprint(root) != token.RootDigest || !IsCertificate(root))
        {
            throw new SwarmException(
                SwarmErrorKind.PermissionDenied,
                "CaDigestMismatch",
                $"remote CA does not match fingerprint. Expected: {token.RootDigest}",
                address,
                $"The token belongs to another swarm than the manager at {address}, or another machine pretends to be it. Get the token from that manager with Get-SwarmJoinToken."
            );
        }
        return root;
    }

    /// <summary>Joins: requests a certificate for a new node.</summary>
    /// <exception cref="SwarmException">The manager refused.</exception>
    /// <exception cref="RpcException">The manager cannot be reached.</exception>
    public static async Task<IssueNodeCertificateResponse> JoinAsync(
        string address,
        byte[] rootCertificate,
        IssueNodeCertificateRequest request,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        using var channel = ClusterChannel.Create(
            address,
            ClusterTls.ClientOptions(peer => RequireManagerUnder(rootCertificate, peer, time), own: null)
        );
        return await IssueAsync(channel, request, cancellation);
    }

    /// <summary>Renews: requests a certificate for the node that the connection's certificate names.</summary>
    public static async Task<IssueNodeCertificateResponse> RenewAsync(
        string address,
        ClusterCredentials credentials,
        byte[] certificateRequest,
        CancellationToken cancellation
    )
    {
        using var channel = ClusterChannel.Create(address, credentials.ClientOptions());
        var request = new IssueNodeCertificateRequest { CertificateRequest = ByteString.CopyFrom(certificateRequest) };
        return await IssueAsync(channel, request, cancellation);
    }

    private static async Task<IssueNodeCertificateResponse> IssueAsync(
        ChannelBase channel,
        IssueNodeCertificateRequest request,
        CancellationToken cancellation
    ) =>
        await new Protocol.V1.CertificateAuthority.CertificateAuthorityClient(channel).IssueNodeCertificateAsync(
            request,
            deadline: DateTime.UtcNow + CallTimeout,
            cancellationToken: cancellation
        );

    private static bool RequireManagerUnder(byte[] rootCertificate, X509Certificate2 peer, TimeProvider time) =>
        // The id of the swarm is not known yet; the root is.
        new SwarmTrust(rootCertificate, PeerIdentity.Read(peer)?.ClusterId ?? "", time).RequireManager(peer);

    private static bool IsCertificate(byte[] der)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
