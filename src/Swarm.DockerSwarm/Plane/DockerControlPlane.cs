using System.Runtime.CompilerServices;
using Swarm.Control.Objects;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Specs;
using Swarm.DockerSwarm.Writes;
using Swarm.Engine;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Plane;

/// <summary>The control API on an engine's swarm. The code of our own swarm answers for nodes, services and tasks, from the mirrored
/// state. Each call first reads the engine's present state.</summary>
public sealed partial class DockerControlPlane(
    EngineClient engine,
    DockerMirror mirror,
    DockerOrchestrator orchestrator,
    DockerAuthority authority,
    DockerPlaneOptions options,
    TimeProvider time,
    CancellationToken stopping
) : IControlPlane
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly MirrorLeadership _leadership = new();
    private readonly DockerPeers _peers = new(options.Peers, time);
    private readonly DockerImages _images = new(engine);
    private readonly DockerNetworks _networks = new(engine, time);

    public string Name => "docker";

    public IAsyncEnumerable<V1.Node> ListNodesAsync(V1.ListNodesRequest request, CancellationToken cancellation) =>
        ListAsync(o => o.ListNodesAsync(request, cancellation), WithManagerStatus, cancellation);

    public async Task<V1.UpdateNodeResponse> UpdateNodeAsync(V1.UpdateNodeRequest request, CancellationToken cancellation)
    {
        var response = await CallAsync(o => o.UpdateNodeAsync(request, cancellation), cancellation);
        if (response.Node is { } node)
        {
            WithManagerStatus(node);
        }
        return response;
    }

    public Task<V1.RemoveNodeResponse> RemoveNodeAsync(V1.RemoveNodeRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.RemoveNodeAsync(request, cancellation), cancellation);

    public Task<V1.CreateServiceResponse> CreateServiceAsync(V1.CreateServiceRequest request, CancellationToken cancellation) =>
        WriteServiceAsync(request.Spec, o => o.CreateServiceAsync(request, cancellation), static r => r.Service, cancellation);

    public async IAsyncEnumerable<V1.Service> ListServicesAsync(
        V1.ListServicesRequest request,
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

    public Task<V1.UpdateServiceResponse> UpdateServiceAsync(V1.UpdateServiceRequest request, CancellationToken cancellation) =>
        WriteServiceAsync(request.Spec, o => o.UpdateServiceAsync(request, cancellation), static r => r.Service, cancellation);

    public async Task<V1.ScaleServicesResponse> ScaleServicesAsync(V1.ScaleServicesRequest request, CancellationToken cancellation)
    {
        var names = await _networks.NamesAsync(cancellation);
        var response = await CallAsync(o => o.ScaleServicesAsync(request, cancellation), cancellation);
        foreach (var service in response.Services)
        {
            WithEndpoint(service, names);
        }
        return response;
    }

    public async Task<V1.UpdateServiceResponse> RollbackServiceAsync(V1.RollbackServiceRequest request, CancellationToken cancellation)
    {
        var names = await _networks.NamesAsync(cancellation);
        var response = await CallAsync(o => o.RollbackServiceAsync(request, cancellation), cancellation);
        WithEndpoint(response.Service, names);
        return response;
    }

    public Task<V1.RemoveServiceResponse> RemoveServiceAsync(V1.RemoveServiceRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.RemoveServiceAsync(request, cancellation), cancellation);

    public async IAsyncEnumerable<V1.ServiceRevision> ListServiceRevisionsAsync(
        V1.ListServiceRevisionsRequest request,
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

    public IAsyncEnumerable<V1.ServiceProgress> WaitServicesAsync(V1.WaitServicesRequest request, CancellationToken cancellation) =>
        WatchAsync((o, stop) => o.WaitServicesAsync(request, stop), cancellation);

    public IAsyncEnumerable<V1.Task> ListTasksAsync(V1.ListTasksRequest request, CancellationToken cancellation) =>
        ListAsync(o => o.ListTasksAsync(request, cancellation), static t => t, cancellation);

    public Task<V1.StopTaskResponse> StopTaskAsync(V1.StopTaskRequest request, CancellationToken cancellation) =>
        CallAsync(o => o.StopTaskAsync(request, cancellation), cancellation);

    public IAsyncEnumerable<V1.NodePlacement> TestPlacementAsync(V1.TestPlacementRequest request, CancellationToken cancellation) =>
        ListAsync(o => o.TestPlacementAsync(request, cancellation), static p => p, cancellation);

    public IAsyncEnumerable<V1.NodeProgress> WaitNodeAsync(V1.WaitNodeRequest request, CancellationToken cancellation) =>
        WatchAsync((o, stop) => o.WaitNodeAsync(request, stop), cancellation);

    public IAsyncEnumerable<V1.StopProgress> WaitTaskAsync(V1.WaitTaskRequest request, CancellationToken cancellation) =>
        WatchAsync((o, stop) => o.WaitTaskAsync(request, stop), cancellation);

    public IAsyncEnumerable<V1.Event> WatchEventsAsync(V1.WatchEventsRequest request, CancellationToken cancellation) =>
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

    /// <summary>Replaces the caller's network names by the ids of the engine's specs.</summary>
    private Task<T> WriteServiceAsync<T>(
        V1.ServiceSpec? spec,
        Func<ObjectApi, Task<T>> write,
        Func<T, V1.Service?> written,
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

    /// <remarks>Networks are read within the call. An engine that is in no swarm, or cannot reach it, lists its own networks without an
    /// error. The refresh gives the error.</remarks>
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

    /// <summary>Streams end with the caller, when swarmd stops, and when the engine's swarm cannot be read any more.</summary>
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

    public Task<V1.Network> CreateNetworkAsync(V1.CreateNetworkRequest request, CancellationToken cancellation) =>
        CallAsync(_ => _networks.CreateAsync(request, cancellation), cancellation);

    public IAsyncEnumerable<V1.Network> ListNetworksAsync(V1.ListNetworksRequest request, CancellationToken cancellation) =>
        ListAsync(_ => _networks.ListAsync(request, cancellation), static n => n, cancellation);

    public Task<V1.RemoveNetworkResponse> RemoveNetworkAsync(V1.RemoveNetworkRequest request, CancellationToken cancellation) =>
        CallAsync(_ => _networks.RemoveAsync(request, cancellation), cancellation);

    /// <summary>Adds network names and the published ports that the engine has chosen.</summary>
    private V1.Service? WithEndpoint(V1.Service? service, NetworkNames names)
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

    /// <summary>Adds the engine's report of leader and reachability.</summary>
    private V1.Node WithManagerStatus(V1.Node node)
    {
        node.ManagerStatus = mirror.Node(node.Id)?.ManagerStatus is { } status
            ? new V1.ManagerStatus
            {
                Leader = status.Flag("Leader"),
                Reachable = status.Text("Reachability") == "reachable",
                Address = status.Text("Addr"),
            }
            : null;
        return node;
    }
}
