using Grpc.Core;
using Swarm.Security.Certificates;
using Swarm.Storage;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>A locked manager, from the lock to the rotated key, over the real socket.</summary>
public sealed class AutolockTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<RpcException> RefusedUnlockAsync(TestDaemon daemon, string key) =>
        TestDaemon.RefusedAsync(
            "InvalidUnlockKey",
            () => daemon.Control.Membership.UnlockSwarmAsync(new() { UnlockKey = key }, cancellationToken: Cancel).ResponseAsync
        );

    private static async Task UnlockAsync(TestDaemon daemon, string key)
    {
        await daemon.Control.Membership.UnlockSwarmAsync(new() { UnlockKey = key }, cancellationToken: Cancel);
        Assert.Equal(V1.LocalNodeState.Active, (await daemon.InfoAsync()).State);
    }

    private static async Task AssertLockedAsync(TestDaemon daemon)
    {
        var info = await daemon.InfoAsync();
        Assert.Equal(V1.LocalNodeState.Locked, info.State);
        Assert.Contains("needs to be unlocked", info.StateMessage, StringComparison.Ordinal);
        var e = await TestDaemon.RefusedAsync("SwarmLocked", () => daemon.NodesOnceAsync());
        Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
        await TestDaemon.RefusedAsync(
            "SwarmLocked",
            () => daemon.Control.Clusters.GetUnlockKeyAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        await TestDaemon.RefusedAsync(
            "SwarmLocked",
            () => daemon.Control.Membership.LeaveSwarmAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        await TestDaemon.RefusedAsync("AlreadyInSwarm", () => daemon.InitAsync());
        await TestDaemon.RefusedAsync(
            "SwarmLocked",
            () => daemon.Control.Membership.InitSwarmAsync(new() { ForceNewCluster = true }, cancellationToken: Cancel).ResponseAsync
        );
    }

    [Fact]
    public async Task Locked_at_init_a_restarted_manager_opens_with_its_key_only()
    {
        await using var manager = await TestDaemon.StartAsync();
        var made = await manager.InitAsync(new V1.ClusterSettings { Autolock = true });
        Assert.Matches("^SWMKEY-1-[A-Za-z0-9+/]{43}$", made.UnlockKey);
        Assert.Equal(made.UnlockKey, (await manager.Control.Clusters.GetUnlockKeyAsync(new(), cancellationToken: Cancel)).UnlockKey_);
        await manager.RestartAsync();
        await AssertLockedAsync(manager);
        // No file on the disk reveals the keys.
        var files = Directory.GetFiles(manager.Options.StateDirectory, "*", SearchOption.AllDirectories);
        Assert.All(
            files.Where(f => !f.EndsWith("lock", StringComparison.Ordinal)),
            f => Assert.DoesNotContain(made.UnlockKey, File.ReadAllText(f), StringComparison.Ordinal)
        );

        var wrong = await RefusedUnlockAsync(manager, UnlockKey.Generate());
        Assert.Equal("Swarm could not be unlocked: invalid key provided.", wrong.Status.Detail);
        await RefusedUnlockAsync(manager, "");
        await RefusedUnlockAsync(manager, made.UnlockKey[..^1]);
        await AssertLockedAsync(manager);

        await UnlockAsync(manager, $" {made.UnlockKey}\n");
        Assert.Equal(made.ClusterId, (await manager.InfoAsync()).ClusterId);
        await manager.AssertWorksAsync();
        await TestDaemon.RefusedAsync(
            "SwarmNotLocked",
            () => manager.Control.Membership.UnlockSwarmAsync(new() { UnlockKey = made.UnlockKey }, cancellationToken: Cancel).ResponseAsync
        );
    }

    [Fact]
    public async Task A_rotated_key_opens_and_the_old_one_does_not()
    {
        await using var manager = await TestDaemon.StartAsync();
        var made = await manager.InitAsync(new V1.ClusterSettings { Autolock = true });
        var rotated = (await manager.Control.Clusters.RotateUnlockKeyAsync(new(), cancellationToken: Cancel)).UnlockKey_;
        Assert.NotEqual(made.UnlockKey, rotated);
        await manager.RestartAsync();
        await RefusedUnlockAsync(manager, made.UnlockKey);
        await UnlockAsync(manager, rotated);
    }

    [Fact]
    public async Task The_lock_is_put_on_and_taken_off_while_the_manager_runs()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await TestDaemon.RefusedAsync(
            "AutolockNotEnabled",
            () => manager.Control.Clusters.RotateUnlockKeyAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        Assert.Equal("", (await manager.Control.Clusters.GetUnlockKeyAsync(new(), cancellationToken: Cancel)).UnlockKey_);
        await manager.Control.Clusters.UpdateClusterAsync(new() { Settings = new() { Autolock = true } }, cancellationToken: Cancel);
        var key = (await manager.Control.Clusters.GetUnlockKeyAsync(new(), cancellationToken: Cancel)).UnlockKey_;
        await manager.RestartAsync();
        await AssertLockedAsync(manager);
        await UnlockAsync(manager, key);
        await manager.Control.Clusters.UpdateClusterAsync(new() { Settings = new() { Autolock = false } }, cancellationToken: Cancel);
        await manager.RestartAsync();
        Assert.Equal(V1.LocalNodeState.Active, (await manager.InfoAsync()).State);
    }

    /// <summary>The swarm's state has the new key before the key file is encrypted with it: a crash may come between the two.</summary>
    [Fact]
    public async Task A_crash_between_the_change_and_the_key_file_is_made_good_at_the_next_start()
    {
        await using var manager = await TestDaemon.StartAsync();
        var made = await manager.InitAsync(new V1.ClusterSettings { Autolock = true });
        var file = Path.Combine(manager.Options.StateDirectory, DataKeyStore.FileName);
        var before = File.ReadAllBytes(file);
        var rotated = (await manager.Control.Clusters.RotateUnlockKeyAsync(new(), cancellationToken: Cancel)).UnlockKey_;
        await manager.StopAsync();
        File.WriteAllBytes(file, before);
        await manager.StartAsync();
        // The file decides at first; once opened, it is encrypted with the key of the state.
        await UnlockAsync(manager, made.UnlockKey);
        await manager.RestartAsync();
        await UnlockAsync(manager, rotated);
    }

    [Fact]
    public async Task A_locked_manager_whose_key_is_lost_is_given_up_with_force()
    {
        await using var manager = await TestDaemon.StartAsync();
        await manager.InitAsync(new V1.ClusterSettings { Autolock = true });
        await manager.RestartAsync();
        await manager.Control.Membership.LeaveSwarmAsync(new() { Force = true }, cancellationToken: Cancel);
        Assert.Equal(V1.LocalNodeState.Inactive, (await manager.InfoAsync()).State);
        await manager.InitAsync();
    }

    [Fact]
    public async Task The_nodes_own_key_is_encrypted_on_a_manager()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        var text = File.ReadAllText(Path.Combine(manager.Options.StateDirectory, NodeIdentityFile.FileName));
        Assert.DoesNotContain("\"key\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Convert.ToBase64String(manager.Runtime.Now.Active!.Credentials.Identity.PrivateKey),
            text,
            StringComparison.Ordinal
        );
    }
}
