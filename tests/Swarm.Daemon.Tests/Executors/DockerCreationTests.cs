using Microsoft.AspNetCore.Http;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Docker;
using Swarm.Core.Model;
using Swarm.Daemon.Tests.DockerSwarm;

namespace Swarm.Daemon.Tests.Executors;

/// <summary>An engine finishes a request even when the client no longer waits for the answer.</summary>
public sealed class DockerCreationTests
{
    private static readonly ExecutorNode TestNode = new()
    {
        ClusterId = "cluster",
        NodeId = "node",
        Hostname = "worker1",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_whose_creation_was_given_up_is_removed_with_its_task()
    {
        var task = TaskDefinitions.Make(new ContainerSpec { Image = "alpine" });
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var finish = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var containers = "[]";
        await using var engine = await FakeEngine.StartAsync();
        engine.Answer(
            "/containers/create",
            async context =>
            {
                asked.TrySetResult();
                await Deadline.WaitAsync(finish.Task, "the test to let the creation end");
                var labels = string.Join(',', DockerLabels.Of(task, TestNode).Select(static l => $"\"{l.Key}\":\"{l.Value}\""));
                Volatile.Write(ref containers, "[{\"Id\":\"c1\",\"Labels\":{" + labels + "}}]");
                context.Response.StatusCode = 201;
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync("""{"Id":"c1"}""");
            }
        );
        engine.Answer("/containers/json", context => context.Response.WriteAsync(Volatile.Read(ref containers)));
        engine.Answer("/containers/c1", "", status: 204);
        await using var executor = new DockerExecutor(
            new DockerExecutorOptions { Node = TestNode, Endpoint = new Uri("unix://" + engine.Socket) }
        );

        using var giveUp = new CancellationTokenSource();
        var preparing = executor.PrepareAsync(task, giveUp.Token);
        await Deadline.WaitAsync(asked.Task, "the creation to be asked for");
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => preparing);

        var removing = executor.RemoveAsync(task.TaskId, Cancel);
        finish.SetResult();
        await removing;
        Assert.Contains(engine.Writes, static w => w.Call == "DELETE /containers/c1");
    }
}
