using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Swarm.Daemon.Tests.Processes;
using Swarm.Security;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>An administrator's certificate announces the largest message in each of its calls. It gets its share, and others are served.</summary>
[Collection(ProcessTests.Name)]
public sealed class AdministratorBytesTests : AttackedManager
{
    private const string UpdateService = "/swarm.v1.Services/UpdateService";
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task Its_calls_together_hold_eight_of_the_largest_messages_and_no_more()
    {
        using var mallory = await IssueAsync("mallory");
        using var alice = await IssueAsync("alice");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        // Over several connections: the share is the certificate's.
        var peers = Enumerable.Range(0, 3).Select(_ => GrpcPeer.OfPort(Manager.Address, mallory)).ToList();
        var bodies = Enumerable.Range(0, 12).Select(_ => new EndlessMessage(announced: 4_000_000, sent: 7 * Megabyte / 2)).ToList();
        try
        {
            // Eight hold 28 MB of the share of 32: none is refused.
            var calls = bodies.Take(8).Select(Call).ToList();
            await Deadline.WaitAsync(
                Task.WhenAll(calls.Select((call, i) => Task.WhenAny(call, bodies[i].Sent))),
                "each call to have sent its part"
            );
            Assert.DoesNotContain(calls, static c => c.IsCompleted);
            // Twelve would hold 42 MB: some are refused, and the others hold what they sent.
            calls.AddRange(bodies.Skip(8).Select((body, i) => Call(body, i + 8)));
            await Deadline.WaitAsync(
                Task.WhenAll(calls.Select((call, i) => Task.WhenAny(call, bodies[i].Sent))),
                "each call to be refused or to have sent its part"
            );
            var refused = await Deadline.WaitAsync(Task.WhenAny(calls), "a refusal");
            Assert.Equal((StatusCode.ResourceExhausted, "TooManyBytes"), await refused);
            await Deadline.UntilAsync(
                () => calls.Count(static c => !c.IsCompleted) <= 9,
                "the calls that are beyond the share to be refused"
            );
            Assert.Contains(calls, static c => !c.IsCompleted);
            await GetAsync(alice);
            // Its share comes back with the end of its calls.
            await end.CancelAsync();
            await Deadline.WaitAsync(
                Task.WhenAll(calls.Select(static c => c.ContinueWith(static _ => { }, TaskScheduler.Default))),
                "the end of the calls"
            );
            using var channel = Connect(mallory);
            var large = new V1.UpdateServiceRequest
            {
                Selector = "none",
                Spec = new V1.ServiceSpec { Name = new string('n', 7 * Megabyte / 2) },
            };
            await Eventually.GetAsync(
                async () =>
                {
                    var answer = await Assert.ThrowsAsync<RpcException>(() =>
                        new V1.ControlClient(channel).Services.UpdateServiceAsync(large, cancellationToken: Cancel).ResponseAsync
                    );
                    return answer.Trailers.GetValue("swarm-error-id");
                },
                static id => id is not "TooManyBytes",
                "the share is there again",
                Manager.Log
            );
            await GetAsync(mallory);
        }
        finally
        {
            bodies.ForEach(static b => b.Dispose());
            peers.ForEach(static p => p.Dispose());
        }

        Task<(StatusCode? Code, string ErrorId)> Call(EndlessMessage body, int number) =>
            peers[number % peers.Count].CallAsync(UpdateService, body, end.Token);
    }

    private Grpc.Net.Client.GrpcChannel Connect(X509Certificate2 certificate) =>
        ClusterChannel.Create(Manager.Address, ClusterTls.ClientOptions(static _ => true, certificate));

    private async Task GetAsync(X509Certificate2 certificate)
    {
        using var channel = Connect(certificate);
        await new V1.ControlClient(channel).Clusters.GetClusterAsync(new(), cancellationToken: Cancel);
    }

    private async Task<X509Certificate2> IssueAsync(string name)
    {
        var (key, request) = NodeIdentity.CreateRequest();
        var issued = await Manager.Control.Clusters.IssueClientCertificateAsync(
            new V1.IssueClientCertificateRequest { Name = name, CertificateRequest = ByteString.CopyFrom(request) },
            cancellationToken: Cancel
        );
        using var signed = X509Certificate2.CreateFromPem(issued.Certificate);
        using var root = X509Certificate2.CreateFromPem(issued.RootCertificate);
        return NodeIdentity.Create(signed.RawData, key, root.RawData).Certificate;
    }
}
