using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Swarm.Daemon.Tests.Hosting;
using Swarm.Daemon.Tests.Processes;
using Swarm.Security;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Takeover;

/// <summary>The state directories of <c>tests/StateDirectories</c>, opened by this build: they hold exactly what their last swarmd described.</summary>
public sealed class StateTakeoverTests
{
    public static TheoryData<string> Swarms { get; } =
    ["plain-empty", "plain-small", "plain-compacted", "autolocked-empty", "autolocked-small", "autolocked-compacted"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Swarms))]
    public async Task A_swarm_is_what_it_was(string name)
    {
        await using var swarm = await TakeoverSwarm.OpenAsync(name);
        var archive = swarm.Archive;

        Assert.Equal(archive.Cluster, await swarm.Control.Clusters.GetClusterAsync(new(), cancellationToken: Cancel));
        Assert.Equal(archive.Tokens, await swarm.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel));
        AssertSame(archive.Nodes.Select(Lasting), (await swarm.ReadyAsync()).Select(Lasting));
        AssertSame(archive.Services, await TakeoverSwarm.ListAsync(swarm.Control.Services.ListServices(new(), cancellationToken: Cancel)));
        AssertSame(
            archive.Revisions,
            await TakeoverSwarm.ListAsync(swarm.Control.Services.ListServiceRevisions(new(), cancellationToken: Cancel))
        );
        AssertSame(archive.Tasks.Select(Lasting), (await TasksAsync(swarm)).Select(Lasting));
        if (archive.IsAutolocked)
        {
            Assert.Equal(archive.UnlockKey, (await swarm.Control.Clusters.GetUnlockKeyAsync(new(), cancellationToken: Cancel)).UnlockKey_);
        }

        // And once more, from what this build has written.
        await swarm.Manager.Daemon.RestartAsync();
        if (archive.IsAutolocked)
        {
            await swarm.Control.Membership.UnlockSwarmAsync(new() { UnlockKey = archive.UnlockKey }, cancellationToken: Cancel);
        }
        await swarm.ReadyAsync();
        Assert.Equal(archive.Cluster, await swarm.Control.Clusters.GetClusterAsync(new(), cancellationToken: Cancel));
        AssertSame(archive.Services, await TakeoverSwarm.ListAsync(swarm.Control.Services.ListServices(new(), cancellationToken: Cancel)));
        AssertSame(archive.Tasks.Select(Lasting), (await TasksAsync(swarm)).Select(Lasting));
    }

    /// <summary>No record knows the certificate: an earlier version made it.</summary>
    [Theory]
    [InlineData("plain-compacted")]
    public async Task Its_administrators_certificate_is_revoked_by_name(string name)
    {
        await using var swarm = await TakeoverSwarm.OpenAsync(name);
        using var certificate = X509Certificate2.CreateFromPem(swarm.Archive.AdministratorCertificate, swarm.Archive.AdministratorKey);
        var manager = swarm.Archive.Cluster.ManagerAddresses.Single();
        using var channel = ClusterChannel.Create(manager, ClusterTls.ClientOptions(static _ => true, certificate));
        var client = new V1.ControlClient(channel);
        await client.Clusters.GetClusterAsync(new(), cancellationToken: Cancel);
        Assert.Empty(await TakeoverSwarm.ListAsync(swarm.Control.Clusters.ListCredentials(new(), cancellationToken: Cancel)));
        await swarm.Control.Clusters.RevokeCredentialAsync(new() { Name = "operator" }, cancellationToken: Cancel);
        await TestDaemon.RefusedAsync(
            "CertificateNotValid",
            () => client.Clusters.GetClusterAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
    }

    [Theory]
    [MemberData(nameof(Swarms))]
    public async Task Its_tokens_and_its_administrators_certificate_are_good(string name)
    {
        await using var swarm = await TakeoverSwarm.OpenAsync(name);
        using var certificate = X509Certificate2.CreateFromPem(swarm.Archive.AdministratorCertificate, swarm.Archive.AdministratorKey);
        var manager = swarm.Archive.Cluster.ManagerAddresses.Single();
        using (var channel = ClusterChannel.Create(manager, ClusterTls.ClientOptions(static _ => true, certificate)))
        {
            var cluster = await new V1.ControlClient(channel).Clusters.GetClusterAsync(new(), cancellationToken: Cancel);
            Assert.Equal(swarm.Archive.Cluster.Id, cluster.Id);
        }

        await using var newcomer = await TestDaemon.StartAsync("worker2", swarm.Clock);
        var join = new V1.JoinSwarmRequest { RemoteAddresses = { manager } };
        if (swarm.Archive.RetiredWorkerToken is { Length: > 0 } retired)
        {
            join.Token = retired;
            await TestDaemon.RefusedAsync(
                "InvalidJoinToken",
                () => newcomer.Control.Membership.JoinSwarmAsync(join, cancellationToken: Cancel).ResponseAsync
            );
        }
        join.Token = swarm.Archive.Tokens.Worker;
        var joined = await newcomer.Control.Membership.JoinSwarmAsync(join, cancellationToken: Cancel);
        Assert.Equal((swarm.Archive.Cluster.Id, V1.NodeRole.Worker), (joined.ClusterId, joined.Role));
        await swarm.Manager.Daemon.NodesAsync(n => n.Any(x => x.Id == joined.NodeId && x.State == V1.NodeState.Ready));
    }

    [Fact]
    public async Task A_manager_that_is_opened_after_its_certificate_has_ended_renews_it()
    {
        await using var swarm = await TakeoverSwarm.UnpackAsync("plain-empty");
        swarm.Clock = swarm.Archive.Clock(TimeSpan.FromDays(100));
        await swarm.OpenManagerAsync();
        await swarm.ReadyAsync();
        Assert.True(swarm.Manager.Daemon.Runtime.Now.Active!.Credentials.IsCurrent);
    }

    /// <summary>The node without the fields that a new session changes.</summary>
    private static V1.Node Lasting(V1.Node node)
    {
        var lasting = node.Clone();
        (lasting.Version, lasting.UpdatedAt, lasting.StateSince, lasting.StateMessage) = (0, null, null, "");
        // The agent of this build says more of what its node can do.
        lasting.Description.Engine.Plugins.Clear();
        return lasting;
    }

    /// <summary>The task without its pid, since the programs of a copy are other processes. The scheduler looks at a pending task again and again.</summary>
    private static V1.Task Lasting(V1.Task task)
    {
        var lasting = task.Clone();
        lasting.Status.Pid = 0;
        // The version of the archives told nothing of a task's node.
        lasting.NodeState = V1.NodeState.Unknown;
        if (lasting.Status.State == V1.TaskState.Pending)
        {
            (lasting.UpdatedAt, lasting.Status.Timestamp) = (null, null);
        }
        return lasting;
    }

    /// <summary>Every task, once the scheduler has seen that all nodes are Ready: until then a pending task says that they are not.</summary>
    private static Task<List<V1.Task>> TasksAsync(TakeoverSwarm swarm)
    {
        var pending = swarm.Archive.Tasks.Where(static t => t.Pending.Count > 0).ToDictionary(static t => t.Id, static t => t.Pending);
        return Eventually.GetAsync(
            swarm.TasksAsync,
            tasks => pending.All(p => tasks.Any(t => t.Id == p.Key && t.Pending.Equals(p.Value))),
            "pending tasks wait for what they waited for",
            () => swarm.Manager.Daemon.Log
        );
    }

    private static void AssertSame<T>(IEnumerable<T> expected, IEnumerable<T> actual)
        where T : IMessage<T> =>
        Assert.Equal(expected.Select(Show).Order(StringComparer.Ordinal), actual.Select(Show).Order(StringComparer.Ordinal));

    private static string Show<T>(T message)
        where T : IMessage<T> => JsonFormatter.Default.Format(message);
}
