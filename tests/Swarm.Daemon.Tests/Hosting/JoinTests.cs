using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Swarm.Daemon.Tests.Processes;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Refused joins: because of the token, by the manager, or by the new node whose manager does not match the token.</summary>
public sealed class JoinTests : IAsyncLifetime
{
    private TestDaemon _manager = null!;
    private TestDaemon _worker = null!;
    private string _token = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _manager = await TestDaemon.StartManagerAsync();
        _worker = await TestDaemon.StartAsync("worker1");
        _token = (await _manager.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel)).Worker;
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        await _manager.DisposeAsync();
    }

    /// <summary>The join is refused, the node is outside, nothing is left, and the manager does not know it. Afterwards the true token
    /// works.</summary>
    private async Task<RpcException> RefusedAsync(string errorId, string token, params string[] addresses)
    {
        var request = new V1.JoinSwarmRequest { Token = token };
        request.RemoteAddresses.AddRange(addresses.Length == 0 ? [_manager.Address] : addresses);
        var e = await TestDaemon.RefusedAsync(
            errorId,
            () => _worker.Control.Membership.JoinSwarmAsync(request, cancellationToken: Cancel).ResponseAsync
        );
        Assert.Equal(V1.LocalNodeState.Inactive, (await _worker.InfoAsync()).State);
        Assert.Equal(
            ["layout", "lock", "swarmd.pid"],
            Directory.GetFileSystemEntries(_worker.Options.StateDirectory).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Single(await _manager.NodesAsync());
        await _worker.JoinAsync(_manager);
        return e;
    }

    private string Secret => _token[^25..];
    private string Digest => _token[9..59];

    [Theory]
    [InlineData("")]
    [InlineData("SWMTKN")]
    [InlineData("SWMTKN-2-x-y")]
    [InlineData("SWMTKN-1-abc-def")]
    [InlineData("let me in")]
    public async Task A_token_of_another_form(string token)
    {
        var e = await RefusedAsync("InvalidJoinToken", token);
        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
    }

    [Fact]
    public Task A_token_that_was_cut_off() => RefusedAsync("InvalidJoinToken", _token[..^1]);

    [Fact]
    public Task A_token_with_a_digest_that_is_none() => RefusedAsync("InvalidJoinToken", $"SWMTKN-1-{new string('z', 50)}-{Secret}");

    [Fact]
    public async Task A_wrong_secret()
    {
        var e = await RefusedAsync("InvalidJoinToken", $"SWMTKN-1-{Digest}-{JoinToken.NewSecret()}");
        Assert.Equal(StatusCode.PermissionDenied, e.StatusCode);
        Assert.Contains("has been rotated", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotated_token_is_refused_and_the_new_one_works()
    {
        var old = _token;
        var rotated = await _manager.Control.Clusters.RotateJoinTokenAsync(new() { Role = V1.NodeRole.Worker }, cancellationToken: Cancel);
        Assert.NotEqual(old, rotated.Worker);
        await RefusedAsync("InvalidJoinToken", old);
    }

    [Fact]
    public async Task A_managers_token_is_refused_with_what_to_do()
    {
        var tokens = await _manager.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel);
        await RefusedAsync("MultipleManagersNotSupported", tokens.Manager);
    }

    [Fact]
    public async Task The_token_of_another_swarm_is_a_wrong_digest()
    {
        await using var other = await TestDaemon.StartManagerAsync();
        var tokens = await other.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel);
        var e = await RefusedAsync("CaDigestMismatch", tokens.Worker);
        Assert.Contains("remote CA does not match fingerprint", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_at_the_address()
    {
        var e = await RefusedAsync("ManagerUnreachable", _token, "127.0.0.1:9", "127.0.0.1:10");
        Assert.Contains("127.0.0.1:9", e.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:10", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
    }

    [Fact]
    public async Task One_address_that_answers_is_enough()
    {
        var request = new V1.JoinSwarmRequest { Token = _token, RemoteAddresses = { "127.0.0.1:9", _manager.Address } };
        await _worker.Control.Membership.JoinSwarmAsync(request, cancellationToken: Cancel);
        Assert.Equal(2, (await _manager.NodesAsync()).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0.0.0.0")]
    [InlineData("10.0.0")]
    [InlineData("a:b:c")]
    [InlineData("host:0")]
    [InlineData("0177.0.0.1:2377")]
    public Task An_address_that_is_none(string address) => RefusedAsync("InvalidRemoteAddress", _token, address);

    [Fact]
    public async Task No_address()
    {
        await TestDaemon.RefusedAsync(
            "InvalidRemoteAddress",
            () => _worker.Control.Membership.JoinSwarmAsync(new() { Token = _token }, cancellationToken: Cancel).ResponseAsync
        );
    }

    [Fact]
    public async Task A_worker_lets_nobody_in()
    {
        await using var other = await TestDaemon.StartAsync("worker2");
        await other.JoinAsync(_manager);
        var request = new V1.JoinSwarmRequest { Token = _token, RemoteAddresses = { other.Address } };
        var e = await TestDaemon.RefusedAsync(
            "ManagerUnreachable",
            () => _worker.Control.Membership.JoinSwarmAsync(request, cancellationToken: Cancel).ResponseAsync
        );
        Assert.Contains("not a swarm manager", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(2, (await _manager.NodesAsync()).Count);
    }

    [Fact]
    public async Task Somebody_who_does_not_speak_the_protocol()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(
            async () =>
            {
                // For example a web server: it answers everything in plain text.
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync(Cancel);
                    await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancel);
                }
            },
            Cancel
        );
        await RefusedAsync("ManagerUnreachable", _token, listener.LocalEndpoint.ToString()!);
        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);
    }

    [Fact]
    public async Task Somebody_in_between_who_has_the_true_root_but_not_its_key()
    {
        var root = await RootAsync();
        using var stranger = SelfSigned((await _manager.InfoAsync()).ClusterId);
        await using var between = await Impostor.StartAsync(stranger, root);
        // The digest matches. The join fails because that root has not signed the impostor's own certificate.
        await RefusedAsync("ManagerUnreachable", _token, between.Address);
        Assert.Equal(0, between.TokensSeen);
    }

    [Fact]
    public async Task Somebody_in_between_with_a_root_of_his_own()
    {
        using var stranger = SelfSigned("cluster");
        await using var between = await Impostor.StartAsync(stranger, stranger.RawData);
        await RefusedAsync("CaDigestMismatch", _token, between.Address);
        Assert.Equal(0, between.TokensSeen);
    }

    [Fact]
    public async Task A_request_for_a_certificate_that_is_none_makes_no_node()
    {
        using var channel = _manager.Connect();
        var authority = new V1.CertificateAuthority.CertificateAuthorityClient(channel);
        using var rsa = RSA.Create(2048);
        var weak = new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();
        var (_, good) = NodeIdentity.CreateRequest();
        var tampered = good.ToArray();
        tampered[^1] ^= 1;
        foreach (var request in new[] { [], new byte[100], weak, tampered })
        {
            await TestDaemon.RefusedAsync(
                "InvalidCertificateRequest",
                () =>
                    authority
                        .IssueNodeCertificateAsync(
                            new() { Token = _token, CertificateRequest = ByteString.CopyFrom(request) },
                            cancellationToken: Cancel
                        )
                        .ResponseAsync
            );
        }
        await TestDaemon.RefusedAsync(
            "InvalidJoinToken",
            () =>
                authority
                    .IssueNodeCertificateAsync(new() { CertificateRequest = ByteString.CopyFrom(good) }, cancellationToken: Cancel)
                    .ResponseAsync
        );
        Assert.Single(await _manager.NodesAsync());
    }

    private async Task<byte[]> RootAsync()
    {
        using var channel = _manager.Connect();
        var answer = await new V1.CertificateAuthority.CertificateAuthorityClient(channel).GetRootCertificateAsync(
            new(),
            cancellationToken: Cancel
        );
        return answer.Certificate.ToByteArray();
    }

    private static X509Certificate2 SelfSigned(string clusterId)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new PeerIdentity("manager1", CertificateRole.Manager, clusterId).ToSubject();
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    /// <summary>Sits between a new node and its manager, and counts the tokens that it receives.</summary>
    private sealed class Impostor : V1.CertificateAuthority.CertificateAuthorityBase, IAsyncDisposable
    {
        private readonly byte[] _root;
        private WebApplication? _app;
        private int _tokens;

        private Impostor(byte[] root) => _root = root;

        public string Address { get; private set; } = "";
        public int TokensSeen => Volatile.Read(ref _tokens);

        public static async Task<Impostor> StartAsync(X509Certificate2 certificate, byte[] root)
        {
            var impostor = new Impostor(root) { Address = LoopbackAddress.Next() };
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.Services.AddGrpc();
            builder.Services.AddSingleton(impostor);
            builder
                .WebHost.UseKestrelHttpsConfiguration()
                .ConfigureKestrel(kestrel =>
                    kestrel.Listen(
                        IPEndPoint.Parse(impostor.Address),
                        listen =>
                        {
                            listen.Protocols = HttpProtocols.Http2;
                            listen.UseHttps(certificate);
                        }
                    )
                );
            impostor._app = builder.Build();
            impostor._app.MapGrpcService<Impostor>();
            await impostor._app.StartAsync(Cancel);
            return impostor;
        }

        public override Task<V1.GetRootCertificateResponse> GetRootCertificate(
            V1.GetRootCertificateRequest request,
            ServerCallContext context
        ) => Task.FromResult(new V1.GetRootCertificateResponse { Certificate = ByteString.CopyFrom(_root) });

        public override Task<V1.IssueNodeCertificateResponse> IssueNodeCertificate(
            V1.IssueNodeCertificateRequest request,
            ServerCallContext context
        )
        {
            Interlocked.Increment(ref _tokens);
            throw new RpcException(new Status(StatusCode.PermissionDenied, "thank you"));
        }

        public async ValueTask DisposeAsync() => await _app!.DisposeAsync();
    }
}
