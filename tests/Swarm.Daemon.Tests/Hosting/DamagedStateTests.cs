using System.Text;
using Swarm.Daemon.Membership;
using Swarm.Security.Certificates;
using Swarm.Storage;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Files in the state directory that are damaged, missing or outdated: swarmd reports them, leaves them, and never takes them for
/// "no swarm".</summary>
public sealed class DamagedStateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string PathOf(TestDaemon daemon, string file) => Path.Combine(daemon.Options.StateDirectory, file);

    /// <summary>The daemon is in error and names the file. Every call fails with that error and changes nothing; a leave with -Force
    /// repairs the node.</summary>
    private static async Task AssertRefusedAsync(TestDaemon daemon, string named)
    {
        var before = Directory
            .GetFiles(daemon.Options.StateDirectory, "*", SearchOption.AllDirectories)
            .Where(static f => Path.GetFileName(f) is not ("lock" or "swarmd.pid"))
            .ToDictionary(static f => f, File.ReadAllBytes);
        await daemon.StartAsync();
        var info = await daemon.InfoAsync();
        Assert.Equal(V1.LocalNodeState.Error, info.State);
        Assert.Contains(PathOf(daemon, named), info.StateMessage, StringComparison.Ordinal);
        await TestDaemon.RefusedAsync("NodeInError", () => daemon.NodesOnceAsync());
        await TestDaemon.RefusedAsync("NodeInError", () => daemon.InitAsync());
        await TestDaemon.RefusedAsync(
            "NodeInError",
            () => daemon.Control.Membership.LeaveSwarmAsync(new(), cancellationToken: Cancel).ResponseAsync
        );
        Assert.All(before, f => Assert.Equal(f.Value, File.ReadAllBytes(f.Key)));
        await daemon.Control.Membership.LeaveSwarmAsync(new() { Force = true }, cancellationToken: Cancel);
        await daemon.InitAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"version\":1,\"phase\":\"Active\"}")]
    [InlineData("{\"version\":1,\"phase\":\"Asleep\"}")]
    [InlineData("{\"version\":0,\"phase\":\"Active\"}")]
    public async Task A_damaged_record_of_membership(string content)
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await manager.StopAsync();
        File.WriteAllText(PathOf(manager, MembershipStore.RecordFile), content);
        await AssertRefusedAsync(manager, MembershipStore.RecordFile);
    }

    [Fact]
    public async Task A_record_of_a_newer_swarmd()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await manager.StopAsync();
        var path = PathOf(manager, MembershipStore.RecordFile);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal));
        await AssertRefusedAsync(manager, MembershipStore.RecordFile);
    }

    [Fact]
    public async Task A_record_that_is_missing_is_not_taken_for_a_node_outside()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await manager.StopAsync();
        File.Delete(PathOf(manager, MembershipStore.RecordFile));
        await AssertRefusedAsync(manager, MembershipStore.RecordFile);
    }

    [Theory]
    [InlineData(NodeIdentityFile.FileName)]
    [InlineData(DataKeyStore.FileName)]
    public async Task A_damaged_or_missing_key(string file)
    {
        foreach (
            var damage in new Action<string>[]
            {
                File.Delete,
                static f => File.WriteAllText(f, ""),
                static f => File.WriteAllText(f, "{}"),
                static f =>
                {
                    // Changes a digit of base 64 in the middle.
                    var bytes = File.ReadAllBytes(f);
                    bytes[bytes.Length / 2] = bytes[bytes.Length / 2] == (byte)'A' ? (byte)'B' : (byte)'A';
                    File.WriteAllBytes(f, bytes);
                },
            }
        )
        {
            await using var manager = await TestDaemon.StartManagerAsync();
            await manager.StopAsync();
            damage(PathOf(manager, file));
            await manager.StartAsync();
            var info = await manager.InfoAsync();
            Assert.Equal(V1.LocalNodeState.Error, info.State);
            Assert.NotEmpty(info.StateMessage);
        }
    }

    [Fact]
    public async Task An_identity_of_another_node()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var worker = await TestDaemon.StartAsync("worker1");
        await worker.JoinAsync(manager);
        await using var other = await TestDaemon.StartAsync("worker2");
        await other.JoinAsync(manager);
        await worker.StopAsync();
        File.Copy(PathOf(other, NodeIdentityFile.FileName), PathOf(worker, NodeIdentityFile.FileName), overwrite: true);
        await AssertRefusedAsync(worker, NodeIdentityFile.FileName);
    }

    [Fact]
    public async Task A_corrupted_log()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await manager.StopAsync();
        var data = Directory
            .GetFiles(PathOf(manager, "raft"), "0", SearchOption.AllDirectories)
            .Single(static f =>
                Path.GetDirectoryName(f)!.EndsWith("data", StringComparison.Ordinal) && !f.Contains("metadata", StringComparison.Ordinal)
            );
        var bytes = File.ReadAllBytes(data);
        bytes[100] ^= 1;
        File.WriteAllBytes(data, bytes);
        await AssertRefusedAsync(manager, Path.GetRelativePath(manager.Options.StateDirectory, data));
    }

    [Fact]
    public async Task A_log_that_is_gone_is_not_an_empty_swarm()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await manager.StopAsync();
        Directory.Delete(PathOf(manager, "raft"), recursive: true);
        await manager.StartAsync();
        var info = await manager.InfoAsync();
        Assert.Equal(V1.LocalNodeState.Error, info.State);
        Assert.Contains("raft", info.StateMessage, StringComparison.Ordinal);
    }

    /// <summary>A crash in the middle of an init, a join or a leave.</summary>
    [Theory]
    [InlineData(MembershipPhase.Entering)]
    [InlineData(MembershipPhase.Leaving)]
    public async Task An_unfinished_change_is_cleaned_up(MembershipPhase phase)
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await manager.StopAsync();
        var path = PathOf(manager, MembershipStore.RecordFile);
        File.WriteAllText(
            path,
            File.ReadAllText(path).Replace("\"Active\"", $"\"{phase}\"", StringComparison.Ordinal),
            new UTF8Encoding(false)
        );
        await manager.StartAsync();
        Assert.Equal(V1.LocalNodeState.Inactive, (await manager.InfoAsync()).State);
        Assert.Equal(
            ["layout", "lock", "swarmd.pid"],
            Directory.GetFileSystemEntries(manager.Options.StateDirectory).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        await manager.InitAsync();
    }
}
