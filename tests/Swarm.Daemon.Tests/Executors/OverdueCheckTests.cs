using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Docker;
using Swarm.Core.Model;
using Swarm.Daemon.Tests.DockerSwarm;

namespace Swarm.Daemon.Tests.Executors;

/// <summary>An engine that does not run a container's health check, as Podman without systemd.</summary>
public sealed class OverdueCheckTests
{
    private const string Reason =
        "the health check was due after 10 s and has not run within 28 s; the engine runs none (Podman needs systemd for them)";

    private static readonly ExecutorNode TestNode = new()
    {
        ClusterId = "cluster",
        NodeId = "node",
        Hostname = "worker1",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_check_that_has_not_run_by_its_schedule_is_told_and_still_waited_for()
    {
        var time = new FakeTimeProvider();
        await using var engine = await FakeEngine.StartAsync();
        var task = Show(engine, Container("starting", "null"));
        await using var executor = Open(engine, time);
        var told = new List<string>();
        var waiting = executor.WaitHealthyAsync(task, told.Add, Cancel);
        var start = time.GetUtcNow();
        await Deadline.UntilAsync(
            () => told.Count > 0,
            "the executor to tell of the check",
            () => time.Advance(TimeSpan.FromMilliseconds(500))
        );
        Assert.True(time.GetUtcNow() - start >= TimeSpan.FromSeconds(28), $"told after {time.GetUtcNow() - start}");
        var looks = Looks(engine);
        await Deadline.UntilAsync(
            () => Looks(engine) > looks + 2,
            "the executor to look again and again",
            () => time.Advance(TimeSpan.FromSeconds(10))
        );
        Assert.Equal([Reason], told);

        Show(engine, Container("healthy", """[{"ExitCode":0}]"""), task);
        await Deadline.UntilAsync(() => waiting.IsCompleted, "the task to be healthy", () => time.Advance(TimeSpan.FromSeconds(30)));
        await waiting;
    }

    [Fact]
    public async Task A_check_that_runs_and_fails_is_not_overdue()
    {
        var time = new FakeTimeProvider();
        await using var engine = await FakeEngine.StartAsync();
        var task = Show(engine, Container("starting", """[{"ExitCode":1}]"""));
        await using var executor = Open(engine, time);
        var told = new List<string>();
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var waiting = executor.WaitHealthyAsync(task, told.Add, giveUp.Token);
        await Deadline.UntilAsync(() => Looks(engine) > 0, "the executor to look at the container");
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.False(waiting.IsCompleted);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Empty(told);
    }

    private static DockerExecutor Open(FakeEngine engine, TimeProvider time) =>
        new(new DockerExecutorOptions { Node = TestNode, Endpoint = new Uri("unix://" + engine.Socket) }, time);

    private static int Looks(FakeEngine engine) => engine.Requests.Count(static r => r == "GET /containers/c1/json");

    private static TaskDefinition Show(FakeEngine engine, string container, TaskDefinition? shown = null)
    {
        var task = shown ?? TaskDefinitions.Make(new ContainerSpec { Image = "alpine" });
        var labels = string.Join(',', DockerLabels.Of(task, TestNode).Select(static l => $"\"{l.Key}\":\"{l.Value}\""));
        engine.Answer(
            "/containers/json",
            context => context.Response.WriteAsync("[{\"Id\":\"c1\",\"State\":\"running\",\"Labels\":{" + labels + "}}]")
        );
        engine.Answer("/containers/c1/json", container);
        return task;
    }

    private static string Container(string health, string log) =>
        """
            {"Id":"c1","Config":{"Healthcheck":{"Test":["CMD","true"],"Interval":10000000000,"Timeout":3000000000,"StartPeriod":0,"Retries":3}},
            "State":{"Status":"running","Running":true,"Pid":42,"Health":{"Status":"HEALTH","FailingStreak":0,"Log":RESULTS}}}
            """.Replace("HEALTH", health, StringComparison.Ordinal).Replace("RESULTS", log, StringComparison.Ordinal);
}
