using Grpc.Core;
using Swarm.Agent.Executors.Process;
using Swarm.Core.Model;
using Swarm.Core.Validation;
using Swarm.Daemon.Tests.Dispatcher;
using Swarm.Daemon.Tests.DockerSwarm;
using Swarm.Daemon.Tests.Manager;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

/// <summary>Options that only a node would refuse are refused, or told, when the service is made.</summary>
public sealed class NodeOutlookTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Options_of_containers_are_refused_where_only_processes_run_and_limits_beyond_every_node_are_told()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectWithAsync("n1", ExecutorNames.Process);
        await grpc.Manager.UntilAsync(s => s.FindNode("n1")!.Description.Executor == ExecutorNames.Process);
        // The manager's own node has not reported, and may run containers.
        var request = Request("node.id==n1");
        request.Spec.Container.Mounts.Add(new V1.Mount { Type = V1.MountType.Volume, Target = "/data" });
        foreach (var dry in (bool[])[true, false])
        {
            request.DryRun = dry;
            var e = await Assert.ThrowsAsync<RpcException>(() =>
                grpc.Control.Services.CreateServiceAsync(request, cancellationToken: Cancel).ResponseAsync
            );
            Assert.Equal("NotSupportedByExecutor", e.Trailers.GetValue("swarm-error-id"));
        }
        request.DryRun = false;
        request.Spec.Container.Mounts.Clear();
        var created = await grpc.Control.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        Assert.Empty(created.Warnings);
        // A change to it is refused as well, and what it has stays.
        var update = new V1.UpdateServiceRequest
        {
            Selector = "web",
            Spec = created.Service.Spec.Clone(),
            NoResolveImage = true,
        };
        update.Spec.Container.Init = true;
        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            grpc.Control.Services.UpdateServiceAsync(update, cancellationToken: Cancel).ResponseAsync
        );
        Assert.Equal("Init", refused.Trailers.GetValue("swarm-target"));
        update.Spec.Container.Init = false;
        update.Spec.Resources = new() { Limits = new() { NanoCpus = 64_000_000_000 } };
        var node = grpc.Manager.Runtime.State.Read(static s => s.FindNode("n1")!.Description.Resources);
        var told = (await grpc.Control.Services.UpdateServiceAsync(update, cancellationToken: Cancel)).Warnings;
        Assert.Equal(node.NanoCpus > 0, told.Any(static w => w.StartsWith("The limit of 64 CPUs is beyond", StringComparison.Ordinal)));
        Assert.True(node.NanoCpus > 0, "The scripted agent reports no CPUs.");
    }

    [Fact]
    public async Task A_limit_beyond_every_node_of_a_docker_swarm_is_told()
    {
        await using var engine = await FakeEngine.StartAsync();
        _ = new FakeObjects(engine, "/services");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var request = Request("node.role==manager");
        request.Spec.Resources = new() { Limits = new() { NanoCpus = 64_000_000_000 } };
        request.Spec.Container.Init = true;
        var created = await plane.Client.Services.CreateServiceAsync(request, cancellationToken: Cancel);
        Assert.Equal(
            "The limit of 64 CPUs is beyond every node that the service may go to: the largest has 2. A container engine refuses such a task, and a process is not limited.",
            Assert.Single(created.Warnings)
        );
    }

    [Fact]
    public void A_stop_signal_that_a_service_may_have_is_one_that_processes_get()
    {
        string[] more = ["SIGTERM", "sigint", "9", "64", "RTMIN", "RTMIN+15", "RTMAX", "SIGRTMAX-14"];
        foreach (var name in ContainerSpecValidation.SignalNames.Concat(more))
        {
            ContainerSpecValidation.Validate(new ContainerSpec { Image = "alpine", StopSignal = name });
            Assert.True(PosixSignal.TryParse(name, out var signal) && signal is > 0 and <= 64, name);
        }
        Assert.True(PosixSignal.TryParse("RTMAX-14", out var last) && last == 50);
        Assert.True(PosixSignal.TryParse("CLD", out var child) && child == 17);
        Assert.False(PosixSignal.TryParse("RTMAX+1", out _));
        Assert.False(PosixSignal.TryParse("RTMIN+31", out _));
    }

    private static V1.CreateServiceRequest Request(string constraint)
    {
        var request = ApiRequests.Create("web");
        request.NoResolveImage = true;
        request.Spec.Placement = new() { Constraints = { constraint } };
        return request;
    }
}
