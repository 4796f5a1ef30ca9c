using Swarm.Daemon.Tests.Hosting;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Takeover;

/// <summary>An archived manager that was locked stays so until its own key is given.</summary>
public sealed class AutolockTakeoverTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("autolocked-empty")]
    [InlineData("autolocked-small")]
    [InlineData("autolocked-compacted")]
    public async Task A_manager_is_locked_until_its_key_is_given(string name)
    {
        await using var swarm = await TakeoverSwarm.UnpackAsync(name);
        await swarm.Manager.OpenAsync(swarm.Clock);
        await AssertLockedAsync(swarm);

        var others = new[] { "autolocked-empty", "autolocked-small", "autolocked-compacted" }.Where(o => o != name);
        string[] wrong =
        [
            .. others.Select(static o => ArchivedSwarm.Read(o).UnlockKey),
            swarm.Archive.RetiredUnlockKey,
            swarm.Archive.Tokens.Manager,
        ];
        foreach (var key in wrong.Where(static k => k.Length > 0))
        {
            await TestDaemon.RefusedAsync(
                "InvalidUnlockKey",
                () => swarm.Control.UnlockSwarmAsync(new() { UnlockKey = key }, cancellationToken: Cancel).ResponseAsync
            );
            await AssertLockedAsync(swarm);
        }

        await swarm.Control.UnlockSwarmAsync(new() { UnlockKey = swarm.Archive.UnlockKey }, cancellationToken: Cancel);
        Assert.Equal(V1.LocalNodeState.Active, (await swarm.Manager.Daemon.InfoAsync()).State);
        Assert.Equal(swarm.Archive.Cluster.Id, (await swarm.Control.GetClusterAsync(new(), cancellationToken: Cancel)).Id);

        await swarm.Manager.Daemon.RestartAsync();
        await AssertLockedAsync(swarm);
    }

    private static async Task AssertLockedAsync(TakeoverSwarm swarm)
    {
        Assert.Equal(V1.LocalNodeState.Locked, (await swarm.Manager.Daemon.InfoAsync()).State);
        await TestDaemon.RefusedAsync("SwarmLocked", () => swarm.Manager.Daemon.NodesOnceAsync());
    }
}
