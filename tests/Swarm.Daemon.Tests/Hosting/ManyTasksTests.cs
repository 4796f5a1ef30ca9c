using System.Globalization;
using Grpc.Core;
using Swarm.Daemon.Tests.Manager;
using Swarm.Daemon.Tests.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>Thousands of tasks on one node, which is its own manager. How long it takes is for the benchmarks to say; here nothing may be replaced and no
/// node lost.</summary>
public sealed class ManyTasksTests
{
    /// <summary>2,000, which takes seconds. A long run takes 10,000: <c>SWARM_MANY_TASKS</c>.</summary>
    private static readonly int Tasks = int.TryParse(
        Environment.GetEnvironmentVariable("SWARM_MANY_TASKS"),
        NumberStyles.None,
        CultureInfo.InvariantCulture,
        out var tasks
    )
        ? tasks
        : 2000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_all_start_once_and_outlive_a_restart_of_swarmd()
    {
        await using var daemon = await TestDaemon.StartManagerAsync();
        await daemon.NodesAsync(static n => n is [{ State: V1.NodeState.Ready }]);
        await daemon.Control.Services.CreateServiceAsync(ApiRequests.Create("web", (ulong)Tasks), cancellationToken: Cancel);
        await ConvergeAsync(daemon.Control);
        var first = await TasksAsync(daemon.Control);
        Assert.Equal(Tasks, first.Count);
        AssertNothingWasLost(daemon.Log);

        await daemon.RestartAsync();
        await daemon.NodesAsync(static n => n is [{ State: V1.NodeState.Ready, StateMessage: "" }]);
        await ConvergeAsync(daemon.Control);
        Assert.Equal(first.Select(static t => t.Id), (await TasksAsync(daemon.Control)).Select(static t => t.Id));

        await daemon.Control.Services.RemoveServiceAsync(new() { Selector = "web" }, cancellationToken: Cancel);
        await Eventually.GetAsync(() => TasksAsync(daemon.Control), static t => t.Count == 0, "all tasks to be gone", () => "");
        AssertNothingWasLost(daemon.Log);
    }

    /// <summary>As on a disk that takes 50 ms for each sync of the manager's log.</summary>
    [Fact]
    public async Task With_a_slow_log_none_is_replaced_after_a_restart_nor_at_the_start_of_others()
    {
        await using var swarm = await ProcessSwarm.StartAsync("Simulated", workers: 0);
        await swarm.Control.Services.CreateServiceAsync(ApiRequests.Create("web", (ulong)Tasks), cancellationToken: Cancel);
        await ConvergeAsync(swarm.Control);
        await swarm.Manager.TerminateAsync();
        swarm.Manager.Environment["SWARM_TEST_SYNC_DELAY"] = "50";
        await swarm.Manager.StartAsync();
        await swarm.NodeAsync(swarm.Manager, static n => n.State == V1.NodeState.Ready && n.StateMessage.Length == 0);
        await ConvergeAsync(swarm.Control);
        var tasks = await TasksAsync(swarm.Control);
        Assert.Equal(Tasks, tasks.Count);

        await swarm.Control.Services.CreateServiceAsync(ApiRequests.Create("more", (ulong)Tasks), cancellationToken: Cancel);
        await ConvergeAsync(swarm.Control, "more");
        Assert.Equal(2 * Tasks, (await TasksAsync(swarm.Control)).Count);
        AssertNothingWasLost(swarm.Manager.Log());
    }

    private static void AssertNothingWasLost(string log)
    {
        Assert.DoesNotContain("is down:", log, StringComparison.Ordinal);
        Assert.DoesNotContain("The session of node", log, StringComparison.Ordinal);
    }

    private static async Task ConvergeAsync(V1.ControlClient control, string service = "web")
    {
        using var call = control.Services.WaitServices(new() { Selectors = { service } }, cancellationToken: Cancel);
        V1.ServiceProgress? last = null;
        await foreach (var progress in Deadline.EachAsync(call.ResponseStream.ReadAllAsync(Cancel), "the service's progress"))
        {
            last = progress;
        }
        Assert.True(last is { Converged: true }, last?.ToString());
    }

    private static async Task<List<V1.Task>> TasksAsync(V1.ControlClient control)
    {
        using var call = control.Tasks.ListTasks(new(), cancellationToken: Cancel);
        return await Deadline.WaitAsync(
            call.ResponseStream.ReadAllAsync(Cancel).OrderBy(static t => t.Id, StringComparer.Ordinal).ToListAsync(Cancel).AsTask(),
            "the end of a list"
        );
    }
}
