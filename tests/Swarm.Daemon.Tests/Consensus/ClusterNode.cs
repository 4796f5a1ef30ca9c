using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Consensus;
using Swarm.Consensus.Transport;

namespace Swarm.Daemon.Tests.Consensus;

/// <summary>A small certificate authority for tests: managers' and workers' certificates.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 _root;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    public X509Certificate2 Issue(string role)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=node, OU={role}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(
            _root,
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddHours(12),
            RandomNumberGenerator.GetBytes(8)
        );
        using var withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }

    public bool Trusts(X509Certificate? certificate)
    {
        if (certificate is not X509Certificate2 leaf)
        {
            return false;
        }
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(leaf);
    }

    public void Dispose() => _root.Dispose();
}

/// <summary>A manager like swarmd: gRPC's HTTP/2 and Raft on a single port, mutual TLS for both.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private readonly TestAuthority _authority;
    private readonly X509Certificate2 _certificate;
    private readonly bool _first;
    private readonly LogDirectory _directory;
    private WebApplication? _app;

    public ClusterNode(TestAuthority authority, bool first)
    {
        _authority = authority;
        _first = first;
        _certificate = authority.Issue("manager");
        Port = LogDirectory.FreePort();
        _directory = new LogDirectory { Address = Address, SnapshotInterval = 50 };
    }

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    public RecordingMachine Machine { get; private set; } = new();

    public ReplicatedLog Log { get; private set; } = null!;

    public async Task StartAsync(CancellationToken cancellation)
    {
        var listener = new RaftConnectionListener();
        Machine = new RecordingMachine();
        Log = ReplicatedLog.Create(
            new ReplicatedLogOptions
            {
                Directory = _directory.Path,
                Address = Address,
                DataKey = _directory.Key,
                Bootstrap = _first,
                SnapshotInterval = () => _directory.SnapshotInterval,
                LowerElectionTimeout = TimeSpan.FromMilliseconds(600),
                UpperElectionTimeout = TimeSpan.FromMilliseconds(1200),
                ListenerFactory = listener,
                ConnectionFactory = new RaftConnectionFactory(_ => ClientOptions(_certificate)),
            },
            Machine,
            NullLoggerFactory.Instance
        );
        _app = BuildApp(listener);
        await _app.StartAsync(cancellation);
        await Log.StartAsync(cancellation);
    }

    public async Task StopAsync()
    {
        await Log.DisposeAsync();
        if (_app is not null)
        {
            await _app.DisposeAsync();
            _app = null;
        }
    }

    /// <summary>Replays the log of a stopped node as DotNext does before it knows the place of the member list; returns that
    /// list.</summary>
    public Task<IReadOnlyCollection<EndPoint>> ReplayMembersAsync(CancellationToken cancellation) =>
        _directory.OfflineAsync(
            "replayed",
            async (log, members) =>
            {
                await log.InitializeAsync(cancellation);
                return await members.PrepareAsync(ClusterAddress.Parse(Address), cancellation);
            }
        );

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _certificate.Dispose();
        _directory.Dispose();
    }

    public SslClientAuthenticationOptions ClientOptions(X509Certificate2 certificate) =>
        new()
        {
            TargetHost = "127.0.0.1",
            ClientCertificates = [certificate],
            RemoteCertificateValidationCallback = (_, remote, _, _) => _authority.Trusts(remote),
        };

    /// <summary>Makes a call like gRPC: a POST over HTTP/2; returns the body of the answer.</summary>
    public async Task<string> CallAsync(X509Certificate2 certificate, string text, CancellationToken cancellation)
    {
        using var handler = new SocketsHttpHandler { SslOptions = ClientOptions(certificate) };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"https://{Address}/swarm.v1.Echo/Echo")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent(text, System.Net.Http.Headers.MediaTypeHeaderValue.Parse("application/grpc")),
        };
        using var response = await client.SendAsync(request, cancellation);
        return await response.Content.ReadAsStringAsync(cancellation);
    }

    private WebApplication BuildApp(RaftConnectionListener listener)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(
                IPAddress.Loopback,
                Port,
                listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    listen.UseHttps(
                        new TlsHandshakeCallbackOptions
                        {
                            OnConnection = _ =>
                                ValueTask.FromResult(
                                    new SslServerAuthenticationOptions
                                    {
                                        ServerCertificate = _certificate,
                                        ClientCertificateRequired = true,
                                        RemoteCertificateValidationCallback = (_, remote, _, _) => _authority.Trusts(remote),
                                        ApplicationProtocols = [SslApplicationProtocol.Http2, RaftProtocol.Alpn],
                                    }
                                ),
                        }
                    );
                    listen.UseRaftProtocol(listener, certificate => certificate.Subject.Contains("OU=manager", StringComparison.Ordinal));
                }
            )
        );
        var app = builder.Build();
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var subject = (await context.Connection.GetClientCertificateAsync())?.Subject;
            await context.Response.WriteAsync($"{context.Request.Protocol} {subject} {await reader.ReadToEndAsync()}");
        });
        return app;
    }
}
