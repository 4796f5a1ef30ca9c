using Swarm.Control.State;
using Swarm.Core.Orchestration;
using Swarm.Daemon.Tests.Dispatcher;
using Swarm.Daemon.Tests.Hosting;
using Swarm.Daemon.Tests.Manager;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

/// <summary>Services that an earlier version took, and that could not be made any more.</summary>
public sealed class EarlierServiceTests : IAsyncLifetime
{
    private GrpcManager _grpc = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _grpc = await GrpcManager.StartAsync();

    public ValueTask DisposeAsync() => _grpc.DisposeAsync();

    private Task AddAsync(V1.ServiceSpec spec) =>
        _grpc.Manager.Runtime.ExecuteAsync(
            "",
            _ => new CommandChanges(
                ServiceChanges.Create("earlier", ProtocolMapping.FromWire(spec), null, DateTimeOffset.UtcNow),
                "earlier"
            ),
            static (_, _) => true,
            Cancel
        );

    private async Task<V1.ServiceSpec> UpdateAsync(V1.ServiceSpec spec) =>
        (
            await _grpc.Control.Services.UpdateServiceAsync(
                new V1.UpdateServiceRequest { Selector = "earlier", Spec = spec },
                cancellationToken: Cancel
            )
        )
            .Service
            .Spec;

    [Fact]
    public async Task A_name_with_a_dot_stays_and_its_service_is_changed_scaled_and_removed()
    {
        await TestDaemon.RefusedAsync(
            "InvalidName",
            () => _grpc.Control.Services.CreateServiceAsync(ApiRequests.Create("web.v1"), cancellationToken: Cancel).ResponseAsync
        );
        var spec = ApiRequests.Spec("web.v1");
        await AddAsync(spec);
        spec.Labels["tier"] = "front";
        Assert.Equal("front", (await UpdateAsync(spec)).Labels["tier"]);
        await _grpc.Control.Services.ScaleServicesAsync(
            new()
            {
                Services =
                {
                    new V1.ServiceScale { Selector = "web.v1", Replicas = 2 },
                },
            },
            cancellationToken: Cancel
        );
        await _grpc.Control.Services.RemoveServiceAsync(new() { Selector = "web.v1" }, cancellationToken: Cancel);
        Assert.Null(_grpc.Manager.Runtime.State.Read(s => s.FindServiceByName("web.v1")));
    }

    [Fact]
    public async Task A_wrong_template_stays_and_another_one_is_refused()
    {
        var spec = ApiRequests.Spec("web");
        spec.Container.Env.Add("A={{.Nope}}");
        await TestDaemon.RefusedAsync(
            "InvalidTemplate",
            () => _grpc.Control.Services.CreateServiceAsync(new() { Spec = spec }, cancellationToken: Cancel).ResponseAsync
        );
        await AddAsync(spec);
        spec.Labels["tier"] = "front";
        Assert.Equal("A={{.Nope}}", (await UpdateAsync(spec)).Container.Env[0]);
        spec.Container.Env[0] = "A={{.None}}";
        await TestDaemon.RefusedAsync("InvalidTemplate", () => UpdateAsync(spec));
        spec.Container.Env[0] = "A={{.Task.Slot}}";
        Assert.Equal("A={{.Task.Slot}}", (await UpdateAsync(spec)).Container.Env[0]);
    }

    [Fact]
    public async Task Constraints_labels_and_variables_that_are_refused_now_stay_and_others_are_refused()
    {
        var spec = ApiRequests.Spec("web");
        spec.Placement ??= new();
        spec.Placement.Constraints.Add("node.ip==[fd00::5]");
        spec.Labels["a\u001b"] = "x";
        spec.Container.Labels["b\u001b"] = "x";
        spec.Container.Env.Add("C\u001b=x");
        await TestDaemon.RefusedAsync(
            "InvalidLabel",
            () => _grpc.Control.Services.CreateServiceAsync(new() { Spec = spec }, cancellationToken: Cancel).ResponseAsync
        );
        await AddAsync(spec);
        spec.Labels["tier"] = "front";
        Assert.Equal("front", (await UpdateAsync(spec)).Labels["tier"]);
        spec.Placement.Constraints.Add("node.ip==[fd00::6]");
        await TestDaemon.RefusedAsync("InvalidConstraint", () => UpdateAsync(spec));
        spec.Placement.Constraints.RemoveAt(1);
        spec.Container.Env.Add("D\u001b=x");
        await TestDaemon.RefusedAsync("InvalidEnvironment", () => UpdateAsync(spec));
    }
}
