using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Time.Testing;
using Swarm.Daemon.Tests.Endpoints;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Permissions on the cluster port over real TLS: no certificate, a foreign one, workers, managers, administrators, and expired
/// ones.</summary>
public sealed class ClusterPortSecurityTests : IAsyncLifetime
{
    private static readonly string[] LocalOnly = ["InitSwarm", "JoinSwarm", "LeaveSwarm", "UnlockSwarm"];
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static b => b, static b => b);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private TestDaemon _manager = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _manager = await TestDaemon.StartManagerAsync(_time);

    public ValueTask DisposeAsync() => _manager.DisposeAsync();

    /// <summary>Every method of a service, by its descriptor, so that later methods are tested, too.</summary>
    private static IEnumerable<MethodDescriptor> MethodsOf(params IEnumerable<ServiceDescriptor> services) =>
        services.SelectMany(s => s.Methods);

    /// <summary>Calls a method with an empty message.</summary>
    /// <returns>The error id of its refusal; empty when the call succeeded, or was refused without an id.</returns>
    private static async Task<(StatusCode Code, string ErrorId)> CallAsync(GrpcChannel channel, MethodDescriptor method)
    {
        var type = (method.IsClientStreaming, method.IsServerStreaming) switch
        {
            (false, false) => MethodType.Unary,
            (false, true) => MethodType.ServerStreaming,
            (true, true) => MethodType.DuplexStreaming,
            _ => throw new NotSupportedException(method.FullName),
        };
        var called = new Method<byte[], byte[]>(type, method.Service.FullName, method.Name, Bytes, Bytes);
        // An accepted stream of events never ends by itself.
        var options = new CallOptions(
            cancellationToken: Cancel,
            deadline: method.Name == "WatchEvents" ? DateTime.UtcNow.AddSeconds(5) : null
        );
        var invoker = channel.CreateCallInvoker();
        try
        {
            switch (type)
            {
                case MethodType.Unary:
                    await invoker.AsyncUnaryCall(called, null, options, []).ResponseAsync;
                    break;
                case MethodType.ServerStreaming:
                    using (var call = invoker.AsyncServerStreamingCall(called, null, options, []))
                    {
                        while (await Deadline.WaitAsync(call.ResponseStream.MoveNext(Cancel), $"{method.Name} to end")) { }
                    }
                    break;
                default:
                    using (var call = invoker.AsyncDuplexStreamingCall(called, null, options))
                    {
                        await call.RequestStream.CompleteAsync();
                        await Deadline.WaitAsync(call.ResponseStream.MoveNext(Cancel), $"an answer of {method.Name}");
                    }
                    break;
            }
            return (StatusCode.OK, "");
        }
        catch (RpcException e)
        {
            return (e.StatusCode, e.Trailers.GetValue("swarm-error-id") ?? "");
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            // The end of the wait for an event, or a stream whose connection failed.
            return (StatusCode.Cancelled, "");
        }
    }

    private static ServiceDescriptor Dispatcher => V1.Dispatcher.Descriptor;

    [Fact]
    public async Task Without_a_certificate_only_the_certificate_authority_answers()
    {
        using var channel = _manager.Connect();
        foreach (var method in MethodsOf(ProtoServices.Control).Concat(MethodsOf(Dispatcher)))
        {
            Assert.Equal((StatusCode.PermissionDenied, "ClientCertificateRequired"), await CallAsync(channel, method));
        }
        var root = await new V1.CertificateAuthority.CertificateAuthorityClient(channel).GetRootCertificateAsync(
            new(),
            cancellationToken: Cancel
        );
        Assert.NotEmpty(root.Certificate);
    }

    [Fact]
    public async Task A_worker_may_hold_its_session_and_see_nothing_of_the_managers()
    {
        await using var worker = await TestDaemon.StartAsync("worker1", _time);
        await worker.JoinAsync(_manager);
        using var channel = _manager.Connect(worker.Runtime.Now.Active!.Credentials.Identity.Certificate);
        foreach (var method in MethodsOf(ProtoServices.Control))
        {
            Assert.Equal((StatusCode.PermissionDenied, "PermissionDenied"), await CallAsync(channel, method));
        }
        // The session itself is open to it: the refusal only asks it to register first.
        Assert.Equal((StatusCode.InvalidArgument, "RegisterFirst"), await CallAsync(channel, MethodsOf(Dispatcher).Single()));
    }

    [Fact]
    public async Task An_administrator_may_everything_but_what_belongs_to_the_node_itself()
    {
        using var certificate = _manager.Issue("alice", CertificateRole.Admin);
        using var channel = _manager.Connect(certificate);
        foreach (var method in MethodsOf(ProtoServices.Control))
        {
            var (code, errorId) = await CallAsync(channel, method);
            if (LocalOnly.Contains(method.Name))
            {
                Assert.Equal((StatusCode.PermissionDenied, "LocalOnly"), (code, errorId));
            }
            else
            {
                Assert.True(
                    code is not (StatusCode.PermissionDenied or StatusCode.Internal or StatusCode.Unavailable),
                    $"{method.Name}: {code}"
                );
            }
        }
        Assert.Equal((StatusCode.PermissionDenied, "NotANode"), await CallAsync(channel, MethodsOf(Dispatcher).Single()));
        await _manager.AssertWorksAsync();
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused_even_with_the_right_names()
    {
        await using var other = await TestDaemon.StartManagerAsync();
        using var foreign = other.Issue("manager1", CertificateRole.Manager);
        var mine = _manager.Runtime.Now.Active!.Record;
        using var forged = Forge(new PeerIdentity(mine.NodeId, CertificateRole.Manager, mine.ClusterId));
        foreach (var certificate in new[] { foreign, forged })
        {
            using var channel = _manager.Connect(certificate);
            foreach (
                var method in MethodsOf(ProtoServices.Control)
                    .Concat(MethodsOf(Dispatcher))
                    .Concat(MethodsOf(V1.CertificateAuthority.Descriptor))
            )
            {
                // The handshake fails before the call.
                var (code, errorId) = await CallAsync(channel, method);
                AssertNoConnection(code, errorId, method.Name);
            }
        }
        await _manager.AssertWorksAsync();
    }

    [Fact]
    public async Task A_certificate_of_a_node_that_is_no_member_opens_nothing()
    {
        // Signed by this swarm, for a node that was removed (or never existed).
        foreach (var role in new[] { CertificateRole.Worker, CertificateRole.Manager })
        {
            using var certificate = _manager.Issue("nobody", role);
            using var channel = _manager.Connect(certificate);
            foreach (var method in MethodsOf(ProtoServices.Control))
            {
                Assert.Equal((StatusCode.PermissionDenied, "PermissionDenied"), await CallAsync(channel, method));
            }
            Assert.Equal((StatusCode.PermissionDenied, "NodeRemoved"), await CallAsync(channel, MethodsOf(Dispatcher).Single()));
            var (_, request) = NodeIdentity.CreateRequest();
            await TestDaemon.RefusedAsync(
                "NodeRemoved",
                () =>
                    new V1.CertificateAuthority.CertificateAuthorityClient(channel)
                        .IssueNodeCertificateAsync(
                            new() { CertificateRequest = Google.Protobuf.ByteString.CopyFrom(request) },
                            cancellationToken: Cancel
                        )
                        .ResponseAsync
            );
        }
    }

    [Fact]
    public async Task A_certificate_whose_time_is_over_is_refused_also_on_a_connection_that_it_opened()
    {
        using var certificate = _manager.Issue("alice", CertificateRole.Admin, TimeSpan.FromMinutes(10));
        using var open = _manager.Connect(certificate);
        var method = V1.Clusters.Descriptor.FindMethodByName("GetCluster");
        Assert.Equal(StatusCode.OK, (await CallAsync(open, method)).Code);
        _time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal((StatusCode.PermissionDenied, "CertificateNotValid"), await CallAsync(open, method));
        // A new connection is told the same, which a handshake could not.
        using var again = _manager.Connect(certificate);
        Assert.Equal((StatusCode.PermissionDenied, "CertificateNotValid"), await CallAsync(again, method));
    }

    [Fact]
    public async Task A_revoked_certificate_is_refused_on_every_method()
    {
        using var certificate = _manager.Issue("alice", CertificateRole.Admin);
        using var channel = _manager.Connect(certificate);
        await new V1.ControlClient(channel).Clusters.GetClusterAsync(new(), cancellationToken: Cancel);
        await _manager.Control.Clusters.RevokeCredentialAsync(new() { Name = "alice" }, cancellationToken: Cancel);
        foreach (var method in MethodsOf(ProtoServices.Control).Concat(MethodsOf(Dispatcher)))
        {
            Assert.Equal((StatusCode.PermissionDenied, "CertificateNotValid"), await CallAsync(channel, method));
        }
        using var again = _manager.Connect(certificate);
        var (code, errorId) = await CallAsync(again, V1.Clusters.Descriptor.FindMethodByName("GetCluster"));
        AssertNoConnection(code, errorId, "GetCluster");
    }

    [Fact]
    public async Task A_certificate_that_is_not_valid_yet_is_refused_with_its_time_and_the_managers()
    {
        using var certificate = _manager.Issue("alice", CertificateRole.Admin);
        var from = certificate.NotBefore.ToUniversalTime();
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromDays(2));
        using var channel = _manager.Connect(certificate);
        var e = await TestDaemon.RefusedAsync(
            "CertificateNotValid",
            () => new V1.ControlClient(channel).Clusters.GetClusterAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        Assert.Contains($"'alice' is not valid before {from:u}", e.Status.Detail, StringComparison.Ordinal);
        Assert.Contains($"the manager's clock says {_time.GetUtcNow():u}", e.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(
            "A call from 127.0.0.1 was refused: The client certificate is not accepted",
            _manager.Log,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_foreign_certificate_is_in_the_managers_log_with_its_address()
    {
        using var forged = Forge(new PeerIdentity("node1", CertificateRole.Manager, "cluster"));
        using var channel = _manager.Connect(forged);
        await CallAsync(channel, V1.Clusters.Descriptor.FindMethodByName("GetCluster"));
        await Deadline.UntilAsync(
            () =>
                _manager.Log.Contains(
                    "A connection from 127.0.0.1 was refused: its certificate was not issued by this swarm.",
                    StringComparison.Ordinal
                ),
            "a line about the foreign certificate"
        );
    }

    [Fact]
    public async Task A_workers_calls_at_the_same_time_have_a_limit_over_all_its_connections_and_others_are_served()
    {
        await using var worker = await TestDaemon.StartAsync("worker1", _time);
        await worker.JoinAsync(_manager);
        await worker.InfoAsync(static info => info.StateMessage.Length == 0);
        var certificate = worker.Runtime.Now.Active!.Credentials.Identity.Certificate;
        var channels = new List<GrpcChannel>();
        var calls = new List<AsyncDuplexStreamingCall<V1.AgentMessage, V1.ManagerMessage>>();
        try
        {
            // Its own session is one of them. These hold their places: they never register.
            for (var i = 0; i < new Swarm.Daemon.Endpoints.Admission.ClusterLimits().WorkerCalls; i++)
            {
                channels.Add(_manager.Connect(certificate));
                calls.Add(new V1.Dispatcher.DispatcherClient(channels[^1]).Session(cancellationToken: Cancel));
            }
            var ended = await Deadline.WaitAsync(
                Task.WhenAny(calls.ConvertAll(static c => c.ResponseStream.MoveNext(Cancel))),
                "the refusal of a call"
            );
            var refused = await Assert.ThrowsAsync<RpcException>(() => ended);
            Assert.Equal((StatusCode.ResourceExhausted, "TooManyCalls"), (refused.StatusCode, refused.Trailers.GetValue("swarm-error-id")));
            await _manager.AssertWorksAsync();
        }
        finally
        {
            calls.ForEach(static c => c.Dispose());
            channels.ForEach(static c => c.Dispose());
        }
    }

    [Fact]
    public async Task A_certificate_for_a_person_must_have_a_name_a_sound_request_and_a_life_in_bounds()
    {
        var (_, csr) = NodeIdentity.CreateRequest();
        async Task RefusedAsync(string errorId, string name, byte[] request, TimeSpan? expiry)
        {
            await TestDaemon.RefusedAsync(
                errorId,
                () =>
                    _manager
                        .Control.Clusters.IssueClientCertificateAsync(
                            new()
                            {
                                Name = name,
                                CertificateRequest = Google.Protobuf.ByteString.CopyFrom(request),
                                Expiry = expiry is { } span ? Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(span) : null,
                            },
                            cancellationToken: Cancel
                        )
                        .ResponseAsync
            );
        }
        await RefusedAsync("InvalidName", "", csr, null);
        await RefusedAsync("InvalidName", new string('x', 65), csr, null);
        await RefusedAsync("InvalidName", "a\nb", csr, null);
        await RefusedAsync("InvalidCertificateRequest", "alice", [1, 2, 3], null);
        await RefusedAsync("InvalidSetting", "alice", csr, TimeSpan.FromSeconds(1));
        await RefusedAsync("InvalidSetting", "alice", csr, TimeSpan.FromDays(365 * 30));
        await RefusedAsync("InvalidSetting", "alice", csr, TimeSpan.FromMinutes(-5));
    }

    private static void AssertNoConnection(StatusCode code, string errorId, string method) =>
        Assert.True(
            code is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled && errorId.Length == 0,
            $"{method}: {code} {errorId}"
        );

    private static X509Certificate2 Forge(PeerIdentity identity)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(identity.ToSubject(), key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }
}
