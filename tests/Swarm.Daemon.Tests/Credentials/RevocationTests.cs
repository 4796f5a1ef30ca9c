using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Swarm.Daemon.Tests.DockerSwarm;
using Swarm.Daemon.Tests.Hosting;
using Swarm.Daemon.Tests.Storage;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Credentials;

/// <summary>Administrators' certificates from their making to their end, over the real cluster port.</summary>
public sealed class RevocationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_certificate_is_on_record_and_lives_a_year()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        using var alice = await IssueAsync(manager.Control, "alice");
        var credential = Assert.Single(await ListAsync(manager.Control));
        Assert.Equal(("alice", alice.SerialNumber), (credential.Name, credential.SerialNumber));
        Assert.Equal(alice.NotAfter.ToUniversalTime(), credential.ExpiresAt.ToDateTime());
        Assert.Equal(TimeSpan.FromDays(365), credential.ExpiresAt.ToDateTime() - credential.IssuedAt.ToDateTime());
        Assert.Null(credential.RevokedAt);
        await manager.RestartAsync();
        await manager.NodesAsync();
        Assert.Equal(credential, Assert.Single(await ListAsync(manager.Control)));
    }

    [Fact]
    public async Task A_request_that_is_repeated_has_one_record_and_one_number()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        using var first = await IssueAsync(manager.Control, "alice", "request1");
        using var second = await IssueAsync(manager.Control, "alice", "request1");
        Assert.Equal(first.SerialNumber, second.SerialNumber);
        Assert.Equal(first.SerialNumber, Assert.Single(await ListAsync(manager.Control)).SerialNumber);
    }

    [Fact]
    public async Task There_is_no_certificate_without_a_record()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await manager.Control.Nodes.UpdateNodeAsync(
            new()
            {
                RequestId = "request1",
                Selector = "manager1",
                LabelsSet = { ["a"] = "b" },
            },
            cancellationToken: Cancel
        );
        await TestDaemon.RefusedAsync("RequestIdInUse", () => IssueAsync(manager.Control, "alice", "request1"));
        using var alice = await IssueAsync(manager.Control, "alice", "request2");
        await TestDaemon.RefusedAsync("RequestIdInUse", () => IssueAsync(manager.Control, "mallory", "request2"));
        await manager.Control.Clusters.RevokeCredentialAsync(new() { Name = "alice" }, cancellationToken: Cancel);
        await TestDaemon.RefusedAsync("RequestIdInUse", () => IssueAsync(manager.Control, "alice", "request2"));
    }

    [Fact]
    public async Task Its_open_streams_end()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        using var alice = await IssueAsync(manager.Control, "alice");
        using var bob = await IssueAsync(manager.Control, "bob");
        using var hers = manager.Connect(alice);
        using var his = manager.Connect(bob);
        using var ending = new V1.ControlClient(hers).Events.WatchEvents(new(), cancellationToken: Cancel);
        using var lasting = new V1.ControlClient(his).Events.WatchEvents(new(), cancellationToken: Cancel);
        await ReadEventAsync(ending, lasting, manager);
        var revoked = await manager.Control.Clusters.RevokeCredentialAsync(
            new() { SerialNumber = alice.SerialNumber },
            cancellationToken: Cancel
        );
        Assert.Equal("alice", Assert.Single(revoked.Revoked).Name);
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (await Deadline.WaitAsync(ending.ResponseStream.MoveNext(Cancel), "the stream of a revoked certificate to end")) { }
        });
        // Neither the same connection nor another one.
        await TestDaemon.RefusedAsync("CertificateNotValid", () => GetAsync(hers));
        using var again = manager.Connect(alice);
        var e = await Assert.ThrowsAsync<RpcException>(() => GetAsync(again));
        Assert.NotEqual(StatusCode.OK, e.StatusCode);
        // Others go on.
        await ReadEventAsync(null, lasting, manager);
        await GetAsync(his);
        await manager.RestartAsync();
        await manager.NodesAsync();
        using var later = manager.Connect(alice);
        await Assert.ThrowsAsync<RpcException>(() => GetAsync(later));
        using var still = manager.Connect(bob);
        await GetAsync(still);
    }

    /// <summary>A certificate of an earlier version has no record: its name is in it.</summary>
    [Fact]
    public async Task A_name_is_revoked_with_certificates_that_no_record_knows()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        using var earlier = manager.Issue("alice", CertificateRole.Admin);
        using var recorded = await IssueAsync(manager.Control, "alice");
        using var other = manager.Issue("alicia", CertificateRole.Admin);
        using var connection = manager.Connect(earlier);
        await GetAsync(connection);
        var revoked = await manager.Control.Clusters.RevokeCredentialAsync(new() { Name = "alice" }, cancellationToken: Cancel);
        Assert.Equal(recorded.SerialNumber, Assert.Single(revoked.Revoked).SerialNumber);
        await TestDaemon.RefusedAsync("CertificateNotValid", () => GetAsync(connection));
        using var second = manager.Connect(recorded);
        await Assert.ThrowsAsync<RpcException>(() => GetAsync(second));
        using var third = manager.Connect(other);
        await GetAsync(third);
        // Another one of the same name is good at once.
        using var next = await IssueAsync(manager.Control, "alice");
        using var fourth = manager.Connect(next);
        await GetAsync(fourth);
    }

    [Fact]
    public async Task A_name_and_a_number_are_read_as_at_the_making_of_a_certificate()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        using var alice = await IssueAsync(manager.Control, " alice\t");
        using var bob = await IssueAsync(manager.Control, "bob");
        var revoked = await manager.Control.Clusters.RevokeCredentialAsync(new() { Name = "alice \n" }, cancellationToken: Cancel);
        Assert.Equal(("alice", alice.SerialNumber), (Assert.Single(revoked.Revoked).Name, revoked.Revoked[0].SerialNumber));
        revoked = await manager.Control.Clusters.RevokeCredentialAsync(
            new() { SerialNumber = $" {bob.SerialNumber.ToLowerInvariant()} " },
            cancellationToken: Cancel
        );
        Assert.Equal("bob", Assert.Single(revoked.Revoked).Name);
        foreach (var certificate in (X509Certificate2[])[alice, bob])
        {
            using var channel = manager.Connect(certificate);
            await Assert.ThrowsAsync<RpcException>(() => GetAsync(channel));
        }
    }

    /// <summary>Earlier versions took names that are refused today.</summary>
    [Fact]
    public async Task A_name_with_a_character_that_nobody_sees_is_not_given_and_can_be_revoked()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        using var earlier = manager.Issue("ali\u200Bce", CertificateRole.Admin);
        using var connection = manager.Connect(earlier);
        await GetAsync(connection);
        await TestDaemon.RefusedAsync("InvalidName", () => IssueAsync(manager.Control, "ali\u200Bce"));
        await TestDaemon.RefusedAsync("InvalidName", () => IssueAsync(manager.Control, "alice\U000E0041"));
        await manager.Control.Clusters.RevokeCredentialAsync(new() { Name = "ali\u200Bce" }, cancellationToken: Cancel);
        await TestDaemon.RefusedAsync("CertificateNotValid", () => GetAsync(connection));
    }

    [Fact]
    public async Task A_revocation_that_means_nothing_is_refused()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        async Task RefusedAsync(string errorId, V1.RevokeCredentialRequest request) =>
            await TestDaemon.RefusedAsync(
                errorId,
                () => manager.Control.Clusters.RevokeCredentialAsync(request, cancellationToken: Cancel).ResponseAsync
            );
        await RefusedAsync("CredentialNotFound", new() { SerialNumber = "4A" });
        await RefusedAsync("InvalidArgument", new());
        await RefusedAsync("InvalidArgument", new() { SerialNumber = "4A", Name = "alice" });
        await RefusedAsync("InvalidName", new() { Name = "a\eb" });
        Assert.Empty(await ListAsync(manager.Control));
    }

    /// <summary>A worker does not know what was revoked, and has nothing to answer an administrator.</summary>
    [Fact]
    public async Task A_worker_takes_no_administrator_and_names_the_managers()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var worker = await TestDaemon.StartAsync("worker1");
        await worker.JoinAsync(manager);
        using var alice = await IssueAsync(manager.Control, "alice");
        using var channel = worker.Connect(alice);
        foreach (
            var call in (Func<Task>[])
                [
                    () => new V1.ControlClient(channel).Daemon.GetDaemonAsync(new(), cancellationToken: Cancel).ResponseAsync,
                    () => GetAsync(channel),
                ]
        )
        {
            var refused = await TestDaemon.RefusedAsync("NotAManager", call);
            Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
            var action = Encoding.UTF8.GetString(refused.Trailers.GetValueBytes("swarm-action-bin")!);
            Assert.Contains(manager.Address, action, StringComparison.Ordinal);
        }
        // Somebody else's certificate still ends in the handshake.
        await using var other = await TestDaemon.StartManagerAsync();
        using var foreign = other.Issue("alice", CertificateRole.Admin);
        using var closed = worker.Connect(foreign);
        var broken = await Assert.ThrowsAsync<RpcException>(() => GetAsync(closed));
        Assert.Null(broken.Trailers.GetValue("swarm-error-id"));
    }

    [Fact]
    public async Task The_docker_control_plane_keeps_its_own_list()
    {
        await using var engine = await FakeEngine.StartAsync();
        using var directory = new TemporaryDirectory();
        string serial;
        await using (var plane = await PlaneHost.StartAsync(engine.Socket, directory.Path))
        {
            using var alice = await IssueAsync(plane.Client, "alice");
            serial = alice.SerialNumber;
            Assert.Null(Assert.Single(await ListAsync(plane.Client)).RevokedAt);
            using var bob = await IssueAsync(plane.Client, "bob");
            await plane.Client.Clusters.RevokeCredentialAsync(new() { SerialNumber = serial }, cancellationToken: Cancel);
            var revoked = await plane.Client.Clusters.RevokeCredentialAsync(new() { Name = " bob " }, cancellationToken: Cancel);
            Assert.Equal(bob.SerialNumber, Assert.Single(revoked.Revoked).SerialNumber);
            await TestDaemon.RefusedAsync(
                "CredentialNotFound",
                () => plane.Client.Clusters.RevokeCredentialAsync(new() { SerialNumber = "4A" }, cancellationToken: Cancel).ResponseAsync
            );
        }
        await using var again = await PlaneHost.StartAsync(engine.Socket, directory.Path);
        var credentials = await ListAsync(again.Client);
        Assert.Equal(["alice", "bob"], credentials.Select(static c => c.Name));
        Assert.Equal(serial, credentials[0].SerialNumber);
        Assert.All(credentials, static c => Assert.NotNull(c.RevokedAt));
    }

    [Fact]
    public async Task Rights_that_were_taken_away_are_in_the_log()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await using var daemon = await TestDaemon.StartAsync(
            static options =>
            {
                Directory.CreateDirectory(options.StateDirectory);
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(options.StateDirectory, File.GetUnixFileMode(options.StateDirectory) | UnixFileMode.OtherRead);
                }
                return options;
            },
            TimeProvider.System
        );
        Assert.Contains("Other users had rights to", daemon.Log, StringComparison.Ordinal);
    }

    private static async Task ReadEventAsync(
        AsyncServerStreamingCall<V1.Event>? first,
        AsyncServerStreamingCall<V1.Event> second,
        TestDaemon manager
    )
    {
        // Until the streams are open, changes are not theirs: they are made until both have seen one.
        using var seen = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var changing = ChangeAsync();
        if (first is not null)
        {
            Assert.True(await Deadline.WaitAsync(first.ResponseStream.MoveNext(Cancel), "an event"));
        }
        Assert.True(await Deadline.WaitAsync(second.ResponseStream.MoveNext(Cancel), "an event"));
        await seen.CancelAsync();
        await changing;

        async Task ChangeAsync()
        {
            for (var number = 0; !seen.IsCancellationRequested; number++)
            {
                await manager.Control.Nodes.UpdateNodeAsync(
                    new() { Selector = "manager1", LabelsSet = { ["n"] = $"{number}" } },
                    cancellationToken: Cancel
                );
            }
        }
    }

    private static async Task GetAsync(Grpc.Net.Client.GrpcChannel channel) =>
        await new V1.ControlClient(channel).Clusters.GetClusterAsync(new(), cancellationToken: Cancel);

    private static Task<List<V1.Credential>> ListAsync(V1.ControlClient client) =>
        PlaneHost.ListAsync(client.Clusters.ListCredentials(new(), cancellationToken: Cancel));

    private static async Task<X509Certificate2> IssueAsync(V1.ControlClient client, string name, string requestId = "")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=anybody", key, HashAlgorithmName.SHA256);
        var issued = await client.Clusters.IssueClientCertificateAsync(
            new V1.IssueClientCertificateRequest
            {
                RequestId = requestId,
                Name = name,
                CertificateRequest = ByteString.CopyFrom(request.CreateSigningRequest()),
            },
            cancellationToken: Cancel
        );
        using var signed = X509Certificate2.CreateFromPem(issued.Certificate);
        return NodeIdentity.Create(signed.RawData, key.ExportPkcs8PrivateKey(), RootOf(issued)).Certificate;
    }

    private static byte[] RootOf(V1.IssueClientCertificateResponse issued)
    {
        using var root = X509Certificate2.CreateFromPem(issued.RootCertificate);
        return root.RawData;
    }
}
