using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using Swarm.Daemon.Tests.Hosting;
using Swarm.Daemon.Tests.Processes;
using Swarm.Security;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>Callers without a certificate load the cluster port of a manager. It stays small, and its nodes get in.</summary>
[Collection(ProcessTests.Name)]
public sealed class AnonymousMemoryTests : AttackedManager
{
    private const int Megabyte = 1024 * 1024;

    /// <summary>The growth that the load may cause. Without limits it is 400 MB, all that is sent.</summary>
    private const int MostGrowth = 100 * Megabyte;

    private protected override V1.ClusterSettings Settings => new() { HeartbeatPeriod = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)) };

    /// <summary>Ten connections with 40 calls each, all of which announce a message of 3.9 MB that never ends, again and again.</summary>
    [Fact]
    public async Task Messages_that_never_end_take_no_memory_and_keep_no_node_out()
    {
        await using var worker = await TestDaemon.StartAsync("worker1");
        await JoinAsync(worker);
        var before = await MemoryAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var peak = 0L;
        var rounds = 0;
        var attack = Task.WhenAll(Enumerable.Range(0, 10).Select(_ => AttackAsync(() => Interlocked.Increment(ref rounds), stop.Token)));
        await Deadline.UntilAsync(() => Volatile.Read(ref rounds) >= 10, "the first round of every connection", Sample);
        Sample();
        // A member renews, and a newcomer joins, while the load goes on.
        var (_, request) = NodeIdentity.CreateRequest();
        var issued = await Deadline.WaitAsync(
            CertificateAuthorityClient.RenewAsync(Manager.Address, worker.Runtime.Now.Active!.Credentials, request, Cancel),
            "a renewal under the load"
        );
        Assert.NotEmpty(issued.Certificate);
        await using var newcomer = await TestDaemon.StartAsync("worker2");
        await JoinAsync(newcomer);
        Sample();
        await stop.CancelAsync();
        await EndOfAsync(attack);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{before / Megabyte} MB before, {peak / Megabyte} MB at the most, {rounds} rounds."
        );
        Assert.True(peak - before < MostGrowth, $"{before / Megabyte} MB have become {peak / Megabyte} MB after {rounds} rounds.");
        await Eventually.GetAsync(
            MemoryAsync,
            now => now - before < MostGrowth / 2,
            $"the memory is given back, from {peak / Megabyte} MB to near {before / Megabyte} MB",
            Manager.Log
        );
        Assert.Equal(V1.LocalNodeState.Active, (await worker.InfoAsync()).State);

        void Sample() => peak = Math.Max(peak, Memory());
    }

    /// <summary>More silent connections and idle strangers than there are places.</summary>
    [Fact]
    public async Task Connections_that_say_nothing_keep_no_node_out()
    {
        var open = new ConcurrentBag<IDisposable>();
        try
        {
            for (var i = 0; i < 600; i++)
            {
                var silent = new TcpClient();
                open.Add(silent);
                await silent.ConnectAsync(IPEndPoint.Parse(Manager.Address), Cancel);
            }
            for (var i = 0; i < 100; i++)
            {
                var idle = new TcpClient();
                open.Add(idle);
                await idle.ConnectAsync(IPEndPoint.Parse(Manager.Address), Cancel);
                var tls = new SslStream(idle.GetStream());
                open.Add(tls);
                var options = ClusterTls.ClientOptions(static _ => true, null);
                options.ApplicationProtocols = [SslApplicationProtocol.Http2];
                await Deadline.WaitAsync(tls.AuthenticateAsClientAsync(options, Cancel), "a handshake among silent peers");
            }
            await using var newcomer = await TestDaemon.StartAsync("worker1");
            await JoinAsync(newcomer);
        }
        finally
        {
            foreach (var one in open)
            {
                one.Dispose();
            }
        }
    }

    /// <summary>After a restart no node has connected yet, and strangers come first: more of them than there are places.</summary>
    [Fact]
    public async Task After_a_restart_strangers_take_no_place_of_a_node()
    {
        await using var worker = await TestDaemon.StartAsync("worker1");
        await JoinAsync(worker);
        var address = worker.Options.Listen.IpAddress!;
        await worker.StopAsync();
        Assert.Equal(0, await Manager.TerminateAsync());
        await Manager.StartAsync();
        var open = new ConcurrentBag<IDisposable>();
        try
        {
            // It has waited longest. Among the strangers' it would be the first to lose its place.
            var node = await ConnectAsync(address);
            var strangers = new List<TcpClient>();
            for (var i = 0; i < 600; i++)
            {
                strangers.Add(await ConnectAsync(new IPAddress([127, 99, (byte)(i / 250), (byte)((i % 250) + 1)])));
            }
            await Deadline.WaitAsync(
                EndOfAsync(strangers[50].GetStream().ReadExactlyAsync(new byte[1], Cancel).AsTask()),
                "a stranger to lose its place"
            );
            using var tls = new SslStream(node.GetStream());
            var options = ClusterTls.ClientOptions(static _ => true, null);
            options.ApplicationProtocols = [SslApplicationProtocol.Http2];
            await Deadline.WaitAsync(tls.AuthenticateAsClientAsync(options, Cancel), "a node's handshake among silent strangers");
        }
        finally
        {
            foreach (var one in open)
            {
                one.Dispose();
            }
        }

        async Task<TcpClient> ConnectAsync(IPAddress from)
        {
            var client = new TcpClient(new IPEndPoint(from, 0));
            open.Add(client);
            await client.ConnectAsync(IPEndPoint.Parse(Manager.Address), Cancel);
            return client;
        }
    }

    private async Task JoinAsync(TestDaemon node)
    {
        var tokens = await Manager.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel);
        await node.Control.Membership.JoinSwarmAsync(
            new V1.JoinSwarmRequest { Token = tokens.Worker, RemoteAddresses = { Manager.Address } },
            cancellationToken: Cancel
        );
        await node.InfoAsync(static info => info is { State: V1.LocalNodeState.Active, StateMessage: "" });
    }

    /// <summary>Opens connections in turn, until it is told to stop. Each call sends 1 MB at the most.</summary>
    private async Task AttackAsync(Action round, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            using var peer = GrpcPeer.OfPort(Manager.Address);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var calls = Enumerable
                .Range(0, 40)
                .Select(async _ =>
                {
                    using var body = new EndlessMessage(announced: 3_900_000, sent: Megabyte);
                    var call = peer.CallAsync(GrpcPeer.GetRootCertificate, body, end.Token);
                    // A refusal ends the call; without one all is sent and the call hangs.
                    await Task.WhenAny(call, body.Sent);
                    return call;
                })
                .ToList();
            await Task.WhenAll(calls).WaitAsync(cancellation);
            round();
            await end.CancelAsync();
            await EndOfAsync(Task.WhenAll(calls.Select(static c => c.Result)));
        }
    }

    /// <summary>Waits for calls that were told to end; how they end does not matter.</summary>
    private static async Task EndOfAsync(Task calls) => await calls.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private Task<long> MemoryAsync() => Task.FromResult(Memory());

    /// <summary>The resident memory of the manager's process, in bytes.</summary>
    private long Memory()
    {
        var line = File.ReadLines($"/proc/{Manager.ProcessId}/status").First(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
    }
}
