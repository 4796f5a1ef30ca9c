using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Swarm.Control.Addresses;
using Swarm.Daemon.Tests.Storage;
using Swarm.DockerSwarm.Plane;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Two swarmd of one Docker Swarm over real sockets: the manager's sends commands to the worker's, and to no other host.</summary>
public sealed class PeerTests : IAsyncLifetime
{
    private static readonly string Nodes =
        $"[{FakeEngine.Node},{FakeEngine.Node.Replace("\"n1\"", "\"n2\"", StringComparison.Ordinal).Replace("manager1", "worker1", StringComparison.Ordinal)}]";

    private readonly TemporaryDirectory _directory = new();
    private readonly int _port = FreePort();
    private FakeEngine _managersEngine = null!;
    private FakeEngine _workersEngine = null!;
    private PlaneHost? _worker;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Certificate => _directory.Combine("worker1.pem");

    private PeerSetting Peer(string node = "worker1") => new(node, new HostAddress("127.0.0.1", _port), Certificate);

    public async ValueTask InitializeAsync()
    {
        _managersEngine = await FakeEngine.StartAsync();
        _managersEngine.Answer("/nodes", Nodes);
        _workersEngine = await FakeEngine.StartAsync();
        // A worker's engine knows only itself.
        _workersEngine.Answer(
            "/info",
            """{"Name":"worker1","Swarm":{"NodeID":"n2","NodeAddr":"10.0.0.2","LocalNodeState":"active","ControlAvailable":false}}"""
        );
        _workersEngine.Answer("/nodes", """{"message":"This node is not a swarm manager."}""", 503);
        _worker = await PlaneHost.StartAsync(_workersEngine.Socket, port: _port);
        await WriteCertificateAsync(_worker);
    }

    public async ValueTask DisposeAsync()
    {
        await StopWorkerAsync();
        await _workersEngine.DisposeAsync();
        await _managersEngine.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("worker1")]
    [InlineData("n2")]
    public async Task A_command_for_a_peers_host_is_carried_out_there(string peer)
    {
        await using var manager = await PlaneHost.StartAsync(_managersEngine.Socket, peers: Peer(peer));
        var response = await ProbeAsync(manager, "worker1");
        Assert.Equal(("n2", "worker1"), (response.NodeId, response.NodeName));
        Assert.Equal("127.0.0.1:1", Assert.Single(response.Answer.Probes).Target);
        // Once the other one has stopped, the answer says so.
        await StopWorkerAsync();
        var gone = await Assert.ThrowsAsync<RpcException>(() => ProbeAsync(manager, "worker1"));
        Assert.Equal("NodeNotConnected", gone.Trailers.GetValue("swarm-error-id"));
        Assert.StartsWith(
            $"The swarmd of node worker1 does not answer at 127.0.0.1:{_port} (Connection refused",
            gone.Status.Detail,
            StringComparison.Ordinal
        );
        // This host can be reached all the same.
        Assert.Equal("n1", (await ProbeAsync(manager, "manager1")).NodeId);
    }

    [Fact]
    public async Task What_the_peers_host_refuses_is_told_with_its_name_once()
    {
        await using var manager = await PlaneHost.StartAsync(_managersEngine.Socket, peers: Peer());
        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            RunAsync(
                manager,
                "worker1",
                new V1.HostCommand
                {
                    Firewall = new V1.FirewallCommand
                    {
                        Action = V1.FirewallAction.Add,
                        Ports = { "http" },
                        DryRun = true,
                    },
                }
            )
        );
        Assert.Equal("InvalidPort", refused.Trailers.GetValue("swarm-error-id"));
        Assert.Equal("worker1: 'http' is not a port. Nothing was changed.", refused.Status.Detail);
        Assert.Equal("Write it like 8080, 8080/tcp or 9000-9010/udp.", refused.Trailers.GetValue("swarm-action"));
    }

    [Fact]
    public async Task A_host_that_is_not_the_nodes_is_not_touched()
    {
        _workersEngine.Answer("/info", """{"Name":"worker2","Swarm":{"NodeID":"n3","NodeAddr":"10.0.0.3","LocalNodeState":"active"}}""");
        await using var manager = await PlaneHost.StartAsync(_managersEngine.Socket, peers: Peer());
        var refused = await Assert.ThrowsAsync<RpcException>(() => ProbeAsync(manager, "worker1"));
        Assert.Equal("PeerIsAnotherNode", refused.Trailers.GetValue("swarm-error-id"));
        Assert.Equal(
            $"At 127.0.0.1:{_port}, the peer worker1, there is the swarmd of worker2 (node id n3), not of node worker1: nothing was done there.",
            refused.Status.Detail
        );
    }

    [Fact]
    public async Task A_certificate_that_is_none_is_named_and_a_new_one_needs_no_restart()
    {
        var good = await File.ReadAllTextAsync(Certificate, Cancel);
        await using var manager = await PlaneHost.StartAsync(_managersEngine.Socket, peers: Peer());
        foreach (
            var bad in (string?[])[null, "", "no certificate", good[..good.IndexOf("-----BEGIN CERTIFICATE", StringComparison.Ordinal)]]
        )
        {
            File.Delete(Certificate);
            if (bad is not null)
            {
                await File.WriteAllTextAsync(Certificate, bad, Cancel);
            }
            var refused = await Assert.ThrowsAsync<RpcException>(() => ProbeAsync(manager, "worker1"));
            Assert.Equal("PeerCertificateInvalid", refused.Trailers.GetValue("swarm-error-id"));
            Assert.StartsWith(
                $"The certificate '{Certificate}' of the peer worker1 cannot be used: ",
                refused.Status.Detail,
                StringComparison.Ordinal
            );
        }
        await File.WriteAllTextAsync(Certificate, good, Cancel);
        Assert.Equal("n2", (await ProbeAsync(manager, "worker1")).NodeId);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_gets_nowhere()
    {
        await using var manager = await PlaneHost.StartAsync(_managersEngine.Socket, peers: Peer());
        await WriteCertificateAsync(manager);
        var refused = await Assert.ThrowsAsync<RpcException>(() => ProbeAsync(manager, "worker1"));
        Assert.Equal("NodeNotConnected", refused.Trailers.GetValue("swarm-error-id"));
        Assert.Contains("was made there with New-SwarmCredential", refused.Trailers.GetValue("swarm-action"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_ends_while_it_is_at_it_leaves_open_whether_it_was_done()
    {
        await using var manager = await PlaneHost.StartAsync(_managersEngine.Socket, peers: Peer());
        int port;
        using (var free = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            port = ((IPEndPoint)free.Client.LocalEndPoint!).Port;
        }
        var listen = new V1.ListenCommand
        {
            Address = "127.0.0.1",
            Udp = { (uint)port },
            Payload = ByteString.CopyFromUtf8("x"),
            PatienceMilliseconds = 30_000,
        };
        var asking = RunAsync(manager, "worker1", new V1.HostCommand { Listen = listen });
        while (IsFree(port) && !asking.IsCompleted)
        {
            await Task.Delay(20, Cancel);
        }
        await StopWorkerAsync();
        var refused = await Assert.ThrowsAsync<RpcException>(() => asking);
        Assert.Equal("NodeDoesNotAnswer", refused.Trailers.GetValue("swarm-error-id"));
        Assert.Equal("Node worker1 was asked, but has not answered: whether it was done there is not known.", refused.Status.Detail);
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private ValueTask StopWorkerAsync() => Interlocked.Exchange(ref _worker, null)?.DisposeAsync() ?? default;

    private static Task<V1.RunHostCommandResponse> ProbeAsync(PlaneHost plane, string selector) =>
        RunAsync(plane, selector, new V1.HostCommand { Probe = new V1.ProbeCommand { Tcp = { "127.0.0.1:1" } } });

    private static async Task<V1.RunHostCommandResponse> RunAsync(PlaneHost plane, string selector, V1.HostCommand command) =>
        await plane.Client.Daemon.RunHostCommandAsync(
            new V1.RunHostCommandRequest { Selector = selector, Command = command },
            cancellationToken: Cancel
        );

    /// <summary>Writes the certificate like New-SwarmCredential.</summary>
    private async Task WriteCertificateAsync(PlaneHost plane)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=manager1", key, HashAlgorithmName.SHA256);
        var issued = await plane.Client.Clusters.IssueClientCertificateAsync(
            new V1.IssueClientCertificateRequest
            {
                Name = "manager1",
                CertificateRequest = ByteString.CopyFrom(request.CreateSigningRequest()),
            },
            cancellationToken: Cancel
        );
        await File.WriteAllTextAsync(Certificate, key.ExportPkcs8PrivateKeyPem() + "\n" + issued.Certificate, Cancel);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
