using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Control.Addresses;
using Swarm.Daemon.Tests.Manager;
using Swarm.Daemon.Tests.Storage;
using Swarm.DockerSwarm.Areas;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Plane;
using Swarm.DockerSwarm.Writes;
using Swarm.Engine;
using Swarm.Storage;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>The requests that one call of the API makes of the engine. The mirror looks at the swarm once in a call, not before and after each write.</summary>
/// <remarks>Nothing follows the engine beside the calls: the mirror is not started.</remarks>
public sealed class DockerCallsTests : IAsyncLifetime
{
    private static readonly string[] Look = ["GET /nodes", "GET /services", "GET /swarm", "GET /tasks"];

    private readonly TemporaryDirectory _directory = new();
    private FakeEngine _engine = null!;
    private FakeObjects _servicesOfEngine = null!;
    private FakeObjects _nodesOfEngine = null!;
    private StateDirectory _state = null!;
    private EngineClient _client = null!;
    private DockerMirror _mirror = null!;
    private DockerAuthority _authority = null!;
    private V1.Services.ServicesBase _services = null!;
    private V1.Nodes.NodesBase _nodes = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _engine = await FakeEngine.StartAsync();
        _servicesOfEngine = new FakeObjects(_engine, "/services");
        _nodesOfEngine = new FakeObjects(_engine, "/nodes");
        _nodesOfEngine.Add("n1", FakeEngine.Node);
        _nodesOfEngine.Add("n2", FakeEngine.Node);
        _state = StateDirectory.Open(_directory.Path);
        _client = new EngineClient("unix://" + _engine.Socket);
        var ledger = new RevisionLedger(_state);
        _mirror = new DockerMirror(_client, ledger, TimeProvider.System, NullLogger<DockerMirror>.Instance);
        _authority = DockerAuthority.Open(_state, "test", TimeProvider.System);
        var plane = new DockerControlPlane(
            _client,
            _mirror,
            new DockerOrchestrator(_client, _mirror, ledger, TimeProvider.System),
            _authority,
            new DockerPlaneOptions
            {
                Hostname = "test",
                Listen = new HostAddress("127.0.0.1", 0),
                HostCommands = static (_, _) => throw new NotSupportedException(),
            },
            TimeProvider.System,
            CancellationToken.None
        );
        _services = (await plane.ChooseAsync(typeof(V1.Services.ServicesBase), Cancel)).Get<V1.Services.ServicesBase>();
        _nodes = (await plane.ChooseAsync(typeof(V1.Nodes.NodesBase), Cancel)).Get<V1.Nodes.NodesBase>();
        await CreateAsync("web");
        await CreateAsync("db");
        _engine.Requests.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _mirror.DisposeAsync();
        await _authority.DisposeAsync();
        _client.Dispose();
        _state.Dispose();
        await _engine.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_create_looks_once_and_reads_the_new_service()
    {
        var made = await CreateAsync("cache");
        Assert.Equal((22UL, "cache"), (made.Version, made.Spec.Name));
        AssertRequests([.. Look, "GET /networks", "GET /distribution/redis:3.0.6/json", "POST /services/create", "GET /services"]);
        // A retry would be answered from the record, and the next call shows the service.
        _engine.Requests.Clear();
        Assert.Equal(3, (await ListAsync()).Count);
    }

    [Fact]
    public async Task An_update_looks_once_and_reads_the_service()
    {
        var spec = (await ListAsync())[0].Spec;
        spec.Container.Env.Add("A=1");
        _engine.Requests.Clear();
        var updated = await _services.UpdateService(new V1.UpdateServiceRequest { Selector = "db", Spec = spec }, new DirectCall(Cancel));
        Assert.Equal((2UL, "A=1"), (updated.Service.Revision, updated.Service.Spec.Container.Env.Single()));
        AssertRequests([.. Look, "GET /networks", "POST /services/made1/update", "GET /services"]);
    }

    [Fact]
    public async Task A_scale_of_several_services_looks_once_and_reads_them_together()
    {
        var request = new V1.ScaleServicesRequest();
        request.Services.Add(new V1.ServiceScale { Selector = "web", Replicas = 3 });
        request.Services.Add(new V1.ServiceScale { Selector = "db", Replicas = 4 });
        var scaled = await _services.ScaleServices(request, new DirectCall(Cancel));
        Assert.Equal([3UL, 4UL], scaled.Services.Select(static s => s.Spec.Replicated.Replicas));
        AssertRequests([.. Look, "GET /networks", "POST /services/made0/update", "POST /services/made1/update", "GET /services"]);
    }

    [Fact]
    public async Task A_removal_looks_once()
    {
        _engine.Answer("/services/made0", "{}");
        await _services.RemoveService(new V1.RemoveServiceRequest { Selector = "web" }, new DirectCall(Cancel));
        AssertRequests([.. Look, "DELETE /services/made0"]);
    }

    [Fact]
    public async Task A_nodes_update_looks_once_and_reads_the_node()
    {
        var request = new V1.UpdateNodeRequest { Selector = "n2", Availability = V1.NodeAvailability.Drain };
        var updated = await _nodes.UpdateNode(request, new DirectCall(Cancel));
        Assert.Equal((22UL, V1.NodeAvailability.Drain), (updated.Node.Version, updated.Node.Availability));
        AssertRequests([.. Look, "POST /nodes/n2/update", "GET /nodes"]);
    }

    /// <summary>A request that is repeated while the first one is under way must find what that one has made, though it has looked before.</summary>
    [Fact]
    public async Task A_write_that_ended_after_the_look_is_looked_for()
    {
        var sent = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gone = new CancellationTokenSource();
        _engine.Answer(
            "/services/create",
            async context =>
            {
                sent.SetResult(_engine.Writes.Last().Body);
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }
        );
        var request = ApiRequests.Create("cache");
        var first = _services.CreateService(request.Clone(), new DirectCall(gone.Token));
        var spec = await Deadline.WaitAsync(sent.Task, "the first create to be sent");
        _engine.Answer(
            "/distribution/redis:3.0.6/json",
            async context =>
            {
                // The retry has looked by now. Only then is the service made, and the first one's answer lost with its caller.
                _servicesOfEngine.Add("made2", MadeFrom(spec));
                await gone.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
                context.Response.StatusCode = 404;
                await context.Response.WriteAsJsonNodeAsync("""{"message":"no"}""");
            }
        );
        var retried = await _services.CreateService(request.Clone(), new DirectCall(Cancel));
        Assert.Equal("made2", retried.Service.Id);
        Assert.Single(_engine.Writes, static w => w.Call == "POST /services/create" && w.Body.Contains("cache", StringComparison.Ordinal));
    }

    private static string MadeFrom(string spec) =>
        $$"""{"CreatedAt":"2026-11-24T10:41:21Z","UpdatedAt":"2026-11-24T10:41:21Z","Spec":{{spec}} }""";

    private async Task<V1.Service> CreateAsync(string name) =>
        (await _services.CreateService(ApiRequests.Create(name), new DirectCall(Cancel))).Service;

    private async Task<List<V1.Service>> ListAsync()
    {
        var services = new ReceivedResponses<V1.Service>();
        await _services.ListServices(new V1.ListServicesRequest(), services, new DirectCall(Cancel));
        return services.All;
    }

    private void AssertRequests(IEnumerable<string> expected) => Assert.Equal(expected.Order(), _engine.Requests.Order());
}
