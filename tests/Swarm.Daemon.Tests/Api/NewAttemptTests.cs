using Swarm.Core.Model;
using Swarm.Daemon.Tests.Dispatcher;
using Swarm.Daemon.Tests.Manager;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

/// <summary>An update that names the image or a credential is a new attempt, also where the spec stays as it is.</summary>
public sealed class NewAttemptTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_task_without_attempts_is_made_anew_as_the_preview_said(bool withCredential)
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        var create = ApiRequests.Create("web", 1, "missing:1");
        create.Spec.RestartPolicy = new V1.RestartPolicy { Condition = V1.RestartCondition.None };
        await grpc.Control.Services.CreateServiceAsync(create, cancellationToken: Cancel);
        await agent.ReadUntilAsync(() => agent.Assigned.Count == 1);
        await agent.ReportAsync(agent.Assigned.Keys.Single(), V1.TaskState.Rejected, "No such image: missing:1");
        await grpc.Manager.UntilAsync(s => s.Tasks.All(t => t.DesiredState == TaskState.Shutdown));
        var request = new V1.UpdateServiceRequest
        {
            Selector = "web",
            Spec = create.Spec,
            DryRun = true,
        };

        var same = await grpc.Control.Services.UpdateServiceAsync(request, cancellationToken: Cancel);
        request.NewAttempt = !withCredential;
        request.RegistryCredential = withCredential ? new V1.RegistryCredential { Username = "swarm", Password = "secret" } : null;
        var preview = await grpc.Control.Services.UpdateServiceAsync(request, cancellationToken: Cancel);
        request.DryRun = false;
        var updated = await grpc.Control.Services.UpdateServiceAsync(request, cancellationToken: Cancel);

        Assert.Empty(same.Preview.Actions);
        Assert.Equal(["create"], preview.Preview.Actions.Select(a => a.Action));
        Assert.Equal(2ul, updated.Service.Revision);
        await grpc.Manager.UntilAsync(s => s.Tasks.Any(t => t is { Revision: 2, Status.State: TaskState.Assigned }));
    }
}
