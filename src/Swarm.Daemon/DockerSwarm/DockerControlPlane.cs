using System.Runtime.CompilerServices;
using Swarm.Daemon.Api;
using Swarm.Daemon.Hosting;
using Swarm.Host.Systems;
using Swarm.Hosts;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.DockerSwarm;

/// <summary>The control API answered by an engine's swarm. Nodes, services and tasks are answered by the same code as our own swarm's, from the mirrored
/// state; each call first asks the engine what there is now.</summary>
internal sealed partial class DockerControlPlane(
    EngineClient engine,
    DockerMirror mirror,
    DockerOrchestrator orchestrator,
    DockerAuthority authority,
    DaemonOptions options,
    TimeProvider time,
    CancellationToken stopping
) : IControlPlane
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly MirrorLeadership _leadership = new();
    private readonly HostCommands _hostCommands = new(new LocalSystem(), time);
    private readonly DockerPeers _peers = new(options.Peers, time);
    private readonly DockerImages _images = new(engine);
    private readonly DockerNetworks _networks = new(engine, time);

    public string Name => "docker";

    public IAsyncEnumerable<Wire.Node> ListNodesAsync(Wire.ListNodesRequest request, CancellationToken cancellation) =>
        ListAsync(o => o.ListNodesAsync(request, cancellation), WithManagerStatus, cancellation);

    public async Task<Wire.UpdateNodeResponse> UpdateNodeAsync(Wire.UpdateNodeRequest request, CancellationToken cancellation)
    {
        var response = await CallAsync(o => o.UpdateNodeAsync(request, cancellation), cancellation);
        if (response.Node is { } node)
        {
            WithManagerStatus(node);
        }
        return response;
    }

    public Task<Wire.RemoveNodeResponse> RemoveNodeAsync(Wire.RemoveNodeRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.RemoveNodeAsync(request, cancellation), cancellation);

    public Task<Wire.CreateServiceResponse> CreateServiceAsync(Wire.CreateServiceRequest request, CancellationToken cancellation) =>
        WriteServiceAsync(request.Spec, o => o.CreateServiceAsync(request, cancellation), static r => r.Service, cancellation);

    public async IAsyncEnumerable<Wire.Service> ListServicesAsync(
        Wire.ListServicesRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var names = await _networks.NamesAsync(cancellation);
        await foreach (
            var service in ListAsync(o => o.ListServicesAsync(request, cancellation), s => WithEndpoint(s, names)!, cancellation)
        )
        {
            yield return service;
        }
    }

    public Task<Wire.UpdateServiceResponse> UpdateServiceAsync(Wire.UpdateServiceRequest request, CancellationToken cancellation) =>
        WriteServiceAsync(request.Spec, o => o.UpdateServiceAsync(request, cancellation), static r => r.Service, cancellation);

    public async Task<Wire.ScaleServicesResponse> ScaleServicesAsync(Wire.ScaleServicesRequest request, CancellationToken cancellation)
    {
        var names = await _networks.NamesAsync(cancellation);
        var response = await CallAsync(o => o.ScaleServicesAsync(request, cancellation), cancellation);
        foreach (var service in response.Services)
        {
            WithEndpoint(service, names);
        }
        return response;
    }

    public async Task<Wire.UpdateServiceResponse> RollbackServiceAsync(Wire.RollbackServiceRequest request, CancellationToken cancellation)
    {
        var names = await _networks.NamesAsync(cancellation);
        var response = await CallAsync(o => o.RollbackServiceAsync(request, cancellation), cancellation);
        WithEndpoint(response.Service, names);
        return response;
    }

    public Task<Wire.RemoveServiceResponse> RemoveServiceAsync(Wire.RemoveServiceRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.RemoveServiceAsync(request, cancellation), cancellation);

    public async IAsyncEnumerable<Wire.ServiceRevision> ListServiceRevisionsAsync(
        Wire.ListServiceRevisionsRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var names = await _networks.NamesAsync(cancellation);
        await foreach (var revision in ListAsync(o => o.ListServiceRevisionsAsync(request, cancellation), static r => r, cancellation))
        {
            names.ToNames(revision.Spec);
            for (var i = 0; i < revision.Changes.Count; i++)
            {
                revision.Changes[i] = names.InText(revision.Changes[i]);
            }
            yield return revision;
        }
    }

    public IAsyncEnumerable<Wire.ServiceProgress> WaitServicesAsync(Wire.WaitServicesRequest request, CancellationToken cancellation) =>
        WatchAsync((o, stop) => o.WaitServicesAsync(request, stop), cancellation);

    public IAsyncEnumerable<Wire.Task> ListTasksAsync(Wire.ListTasksRequest request, CancellationToken cancellation) =>
        ListAsync(o => o.ListTasksAsync(request, cancellation), static t => t, cancellation);

    public Task<Wire.StopTaskResponse> StopTaskAsync(Wire.StopTaskRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.StopTaskAsync(request, cancellation), cancellation);

    public IAsyncEnumerable<Wire.NodePlacement> TestPlacementAsync(Wire.TestPlacementRequest request, CancellationToken cancellation) =>
        ListAsync(o => o.TestPlacementAsync(request, cancellation), static p => p, cancellation);

    public IAsyncEnumerable<Wire.NodeProgress> WaitNodeAsync(Wire.WaitNodeRequest request, CancellationToken cancellation) =>
        WatchAsync((o, stop) => o.WaitNodeAsync(request, stop), cancellation);

    public IAsyncEnumerable<Wire.StopProgress> WaitTaskAsync(Wire.WaitTaskRequest request, CancellationToken cancellation) =>
        WatchAsync((o, stop) => o.WaitTaskAsync(request, stop), cancellation);

    public IAsyncEnumerable<Wire.Event> WatchEventsAsync(Wire.WatchEventsRequest request, CancellationToken cancellation) =>
        WatchAsync((o, stop) => o.WatchEventsAsync(request, stop), cancellation);

    private ObjectApi Objects =>
        new(
            mirror.Store,
            orchestrator,
            _leadership,
            new ObjectApiOptions
            {
                NodeId = mirror.SelfId,
                ClusterAddress = mirror.Node(mirror.SelfId)?.ManagerStatus.Text("Addr") ?? "",
                ResolveImage = _images.ResolveAsync,
                Time = time,
                LeaderWait = TimeSpan.Zero,
            }
        );

    /// <summary>The caller names networks, the engine's specs have their ids.</summary>
    private Task<T> WriteServiceAsync<T>(
        Wire.ServiceSpec? spec,
        Func<ObjectApi, Task<T>> write,
        Func<T, Wire.Service?> written,
        CancellationToken cancellation
    ) =>
        CallAsync(
            async objects =>
            {
                var names = await _networks.NamesAsync(cancellation);
                names.ToIds(spec);
                var response = await write(objects);
                WithEndpoint(written(response), names);
                return response;
            },
            cancellation
        );

    /// <remarks>Networks are asked for within the call: an engine that is in no swarm, or does not get through to it, lists its own networks as if nothing were
    /// wrong. The refresh is what is refused.</remarks>
    private async Task<T> CallAsync<T>(Func<ObjectApi, Task<T>> call, CancellationToken cancellation)
    {
        await mirror.RefreshAsync(cancellation);
        orchestrator.SettleUnknown();
        return await call(Objects);
    }

    private async IAsyncEnumerable<T> ListAsync<T>(
        Func<ObjectApi, IAsyncEnumerable<T>> list,
        Func<T, T> complete,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await mirror.RefreshAsync(cancellation);
        await foreach (var item in list(Objects))
        {
            yield return complete(item);
        }
    }

    /// <summary>Streams end with the caller, when swarmd stops, and when the engine's swarm is out of sight.</summary>
    private async IAsyncEnumerable<T> WatchAsync<T>(
        Func<ObjectApi, CancellationToken, IAsyncEnumerable<T>> stream,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        using var watch = mirror.Watch();
        await mirror.RefreshAsync(cancellation);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stopping, watch.Lost);
        await using var items = stream(Objects, any.Token).GetAsyncEnumerator(any.Token);
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (Exception e)
                when (watch.Why is not null
                    && !cancellation.IsCancellationRequested
                    && e is OperationCanceledException or SwarmException { ErrorId: "StateRestored" }
                )
            {
                throw watch.Why ?? e;
            }
            yield return items.Current;
        }
    }

    public Task<Wire.Network> CreateNetworkAsync(Wire.CreateNetworkRequest request, CancellationToken cancellation) =>
        CallAsync(_ => _networks.CreateAsync(request, cancellation), cancellation);

    public IAsyncEnumerable<Wire.Network> ListNetworksAsync(Wire.ListNetworksRequest request, CancellationToken cancellation) =>
        ListAsync(_ => _networks.ListAsync(request, cancellation), static n => n, cancellation);

    public Task<Wire.RemoveNetworkResponse> RemoveNetworkAsync(Wire.RemoveNetworkRequest request, CancellationToken cancellation) =>
        CallAsync(_ => _networks.RemoveAsync(request, cancellation), cancellation);

    /// <summary>Networks by their names, and the published ports that the engine has chosen.</summary>
    private Wire.Service? WithEndpoint(Wire.Service? service, NetworkNames names)
    {
        if (service is null)
        {
            return null;
        }
        names.ToNames(service.Spec);
        names.ToNames(service.PreviousSpec);
        service.PublishedPorts.Add(DockerSpecReader.Ports(mirror.Service(service.Id)?.Endpoint).Select(ProtocolMapping.ToWire));
        return service;
    }

    /// <summary>Who leads, and who is reachable, is the engine's word.</summary>
    private Wire.Node WithManagerStatus(Wire.Node node)
    {
        node.ManagerStatus = mirror.Node(node.Id)?.ManagerStatus is { } status
            ? new Wire.ManagerStatus
            {
                Leader = status.Flag("Leader"),
                Reachable = status.Text("Reachability") == "reachable",
                Address = status.Text("Addr"),
            }
            : null;
        return node;
    }
}
