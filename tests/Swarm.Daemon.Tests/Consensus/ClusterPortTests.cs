using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Swarm.Consensus;
using Swarm.Consensus.Errors;
using Swarm.Consensus.Transport;

namespace Swarm.Daemon.Tests.Consensus;

/// <summary>Raft and gRPC on one port each of three managers.</summary>
public sealed class ClusterPortTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_managers_elect_replicate_and_survive_their_leader_while_calls_go_on()
    {
        using var authority = new TestAuthority();
        await using var first = new ClusterNode(authority, first: true);
        await using var second = new ClusterNode(authority, first: false);
        await using var third = new ClusterNode(authority, first: false);
        ClusterNode[] all = [first, second, third];
        foreach (var node in all)
        {
            await node.StartAsync(Cancellation);
        }
        // More than one snapshot before the others join: they get the snapshot, not the entries that it replaced.
        List<string> expected = [];
        await ProposeAsync(first, expected, 120);
        await EventuallyAsync(() => first.Log.IsLeader, "the first manager leads");
        Assert.True(await first.Log.AddMemberAsync(second.Address, Cancellation));
        Assert.True(await first.Log.AddMemberAsync(third.Address, Cancellation));
        await EventuallyAsync(() => all.All(n => n.Log.Members.Count == 3), "all know three members");
        await ProposeAsync(first, expected, 20);
        await EventuallyAsync(() => all.All(n => n.Machine.Ids.SequenceEqual(expected)), "all have applied everything");
        Assert.True(second.Machine.Restores > 0);
        Assert.Equal([first.Address, first.Address, first.Address], all.Select(n => n.Log.LeaderAddress));
        var refused = await Assert.ThrowsAsync<ReplicatedLogException>(() =>
            second.Log.ProposeAsync(LogDirectory.Batch("no"), Cancellation)
        );
        Assert.Equal(ReplicatedLogError.NotLeader, refused.Error);
        Assert.Contains(first.Address, refused.Message, StringComparison.Ordinal);

        using var worker = authority.Issue("worker");
        foreach (var node in all)
        {
            Assert.Equal("HTTP/2 CN=node, OU=worker hello", await node.CallAsync(worker, "hello", Cancellation));
        }

        await first.StopAsync();
        Assert.Equal(
            all.Select(n => n.Address).Order(StringComparer.Ordinal),
            (await first.ReplayMembersAsync(Cancellation)).Select(ClusterAddress.Format).Order(StringComparer.Ordinal)
        );
        ClusterNode[] rest = [second, third];
        await EventuallyAsync(() => rest.Any(n => n.Log.IsLeader), "another manager leads");
        var leader = rest.Single(n => n.Log.IsLeader);
        await leader.Log.ReadBarrierAsync(Cancellation);
        Assert.Equal(expected, leader.Machine.Ids);
        await ProposeAsync(leader, expected, 20);
        await EventuallyAsync(() => rest.All(n => n.Machine.Ids.SequenceEqual(expected)), "both have applied everything");
        Assert.Equal("HTTP/2 CN=node, OU=worker still", await leader.CallAsync(worker, "still", Cancellation));

        await first.StartAsync(Cancellation);
        await EventuallyAsync(() => first.Machine.Ids.SequenceEqual(expected), "the old leader has caught up");
    }

    [Fact]
    public async Task Raft_is_spoken_with_managers_only()
    {
        using var authority = new TestAuthority();
        await using var node = new ClusterNode(authority, first: true);
        await node.StartAsync(Cancellation);
        using var worker = authority.Issue("worker");
        using var stranger = new TestAuthority();
        using var foreign = stranger.Issue("manager");
        foreach (var certificate in new[] { worker, foreign })
        {
            var factory = new RaftConnectionFactory(_ => node.ClientOptions(certificate));
            try
            {
                await using var connection = await factory.ConnectAsync(new IPEndPoint(IPAddress.Loopback, node.Port), Cancellation);
                // With TLS 1.3 a client notices a refusal when it reads.
                var result = await Deadline.WaitAsync(connection.Transport.Input.ReadAsync(Cancellation), "the refusal");
                Assert.True(result.IsCompleted && result.Buffer.IsEmpty);
            }
            catch (Exception error) when (error is IOException or AuthenticationException)
            {
                // Refused.
            }
        }
        await node.Log.ProposeAsync(LogDirectory.Batch("a"), Cancellation);
    }

    [Fact]
    public async Task A_server_without_raft_is_recognised()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("manager");
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(Cancellation);
            await using var tls = new SslStream(client.GetStream());
            await Assert.ThrowsAsync<AuthenticationException>(() =>
                tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions
                    {
                        ServerCertificate = certificate,
                        ApplicationProtocols = [SslApplicationProtocol.Http2],
                    },
                    Cancellation
                )
            );
        });
        var factory = new RaftConnectionFactory(_ => new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            RemoteCertificateValidationCallback = (_, remote, _, _) => authority.Trusts(remote),
        });
        await Assert.ThrowsAsync<AuthenticationException>(async () => await factory.ConnectAsync(listener.LocalEndpoint, Cancellation));
        await Deadline.WaitAsync(serving, "the server to be left");
    }

    private static async Task ProposeAsync(ClusterNode node, List<string> expected, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var id = $"n{expected.Count}";
            await node.Log.ProposeAsync(LogDirectory.Batch(id), Cancellation);
            expected.Add(id);
        }
    }

    private static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < Patience, $"Not within {Patience.TotalSeconds} s: {what}");
            await Task.Delay(20, Cancellation);
        }
    }
}
