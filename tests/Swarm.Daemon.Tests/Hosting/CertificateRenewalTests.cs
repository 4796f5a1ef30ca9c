using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Security;
using Swarm.Security.Certificates;

namespace Swarm.Daemon.Tests.Hosting;

public sealed class CertificateRenewalTests
{
    /// <summary>A node that leaves must not fail because a manager refuses its last renewal.</summary>
    [Fact]
    public async Task A_renewal_that_fails_at_the_end_of_the_node_ends_as_it()
    {
        var (certificate, rootKey) = CertificateAuthority.CreateRoot(DateTimeOffset.UtcNow.AddDays(-200));
        using var authority = new CertificateAuthority(certificate, rootKey);
        var (key, request) = NodeIdentity.CreateRequest();
        var peer = new PeerIdentity("node1", CertificateRole.Worker, "cluster1");
        var signed = authority.Sign(request, peer, TimeSpan.FromDays(90), DateTimeOffset.UtcNow.AddDays(-100));
        var credentials = new ClusterCredentials(NodeIdentity.Create(signed, key, authority.RootCertificate), TimeProvider.System);
        using var stopping = new CancellationTokenSource();
        var renewal = new CertificateRenewal(
            credentials,
            (_, _) =>
            {
                stopping.Cancel();
                throw new RpcException(new Status(StatusCode.PermissionDenied, "The client certificate is not accepted."));
            },
            static _ => { },
            TimeProvider.System,
            NullLogger<CertificateRenewal>.Instance
        );
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            Deadline.WaitAsync(renewal.RunAsync(stopping.Token), "the renewal to end")
        );
    }
}
