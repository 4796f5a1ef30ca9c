using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Swarm.Core.Errors;
using Swarm.Daemon.Tests.Storage;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>The port for remote sessions: certificates of swarmd's own authority, which outlives swarmd.</summary>
public sealed class RemoteSessionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<(X509Certificate2 Certificate, X509Certificate2 Root, string Address)> IssueAsync(PlaneHost plane)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=me", key, HashAlgorithmName.SHA256);
        var issued = await plane.Client.Clusters.IssueClientCertificateAsync(
            new V1.IssueClientCertificateRequest { Name = "me", CertificateRequest = ByteString.CopyFrom(request.CreateSigningRequest()) },
            cancellationToken: Cancel
        );
        var own = X509Certificate2.CreateFromPem(issued.Certificate).CopyWithPrivateKey(key);
        return (own, X509Certificate2.CreateFromPem(issued.RootCertificate), issued.ManagerAddresses[0]);
    }

    private static GrpcChannel Connect(int port, X509Certificate2? own, X509Certificate2? root)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = own is null ? null : [own],
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                RemoteCertificateValidationCallback = (_, server, _, _) =>
                {
                    if (root is null)
                    {
                        return true;
                    }
                    using var chain = new X509Chain();
                    chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                    chain.ChainPolicy.CustomTrustStore.Add(root);
                    chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                    return chain.Build((X509Certificate2)server!);
                },
            },
        };
        return GrpcChannel.ForAddress(
            $"https://127.0.0.1:{port}",
            new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true }
        );
    }

    [Fact]
    public async Task An_administrators_certificate_opens_a_session_and_goes_on_after_a_restart()
    {
        await using var engine = await FakeEngine.StartAsync();
        using var directory = new TemporaryDirectory();
        var port = FreePort();
        X509Certificate2 own;
        X509Certificate2 root;
        await using (var plane = await PlaneHost.StartAsync(engine.Socket, directory.Path, port))
        {
            (own, root, var address) = await IssueAsync(plane);
            Assert.Equal($"10.0.0.1:{port}", address);
        }
        await using var again = await PlaneHost.StartAsync(engine.Socket, directory.Path, port);
        using var channel = Connect(port, own, root);
        var remote = new V1.ControlClient(channel);
        Assert.Equal("manager1", Assert.Single(await PlaneHost.ListAsync(remote.Nodes.ListNodes(new V1.ListNodesRequest()))).Name);
        // Calls that change the membership are for the machine itself.
        Assert.Equal(
            "LocalOnly",
            await PlaneHost.RefusedAsync(() => remote.Membership.LeaveSwarmAsync(new V1.LeaveSwarmRequest()).ResponseAsync)
        );
    }

    [Fact]
    public async Task Nobody_else_gets_in()
    {
        await using var engine = await FakeEngine.StartAsync();
        await using var other = await FakeEngine.StartAsync();
        var port = FreePort();
        await using var plane = await PlaneHost.StartAsync(engine.Socket, port: port);
        using var without = Connect(port, null, null);
        Assert.Equal(
            "ClientCertificateRequired",
            await PlaneHost.RefusedAsync(() =>
                PlaneHost.ListAsync(new V1.ControlClient(without).Nodes.ListNodes(new V1.ListNodesRequest()))
            )
        );
        // A certificate of another swarmd's authority does not even get through the handshake.
        await using var stranger = await PlaneHost.StartAsync(other.Socket);
        var (foreign, _, _) = await IssueAsync(stranger);
        using var channel = Connect(port, foreign, null);
        var e = await Assert.ThrowsAsync<RpcException>(() =>
            PlaneHost.ListAsync(new V1.ControlClient(channel).Nodes.ListNodes(new V1.ListNodesRequest()))
        );
        Assert.Null(e.Trailers.GetValue("swarm-error-id"));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        await using var engine = await FakeEngine.StartAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var e = await Assert.ThrowsAsync<SwarmException>(() => PlaneHost.StartAsync(engine.Socket, port: port));
        Assert.Equal("ListenAddressInUse", e.ErrorId);
    }
}
