using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Objects;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Specs;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Areas;

/// <summary>The services of the engine's swarm. The caller names networks, the engine's specs have their ids.</summary>
internal sealed class DockerServices(SwarmObjects objects, DockerCalls calls, DockerMirror mirror, DockerNetworks networks)
    : ServicesApi(objects)
{
    public override async Task<V1.CreateServiceResponse> CreateService(V1.CreateServiceRequest request, ServerCallContext context)
    {
        await calls.BeginAsync(context);
        var names = await networks.NamesAsync(context.CancellationToken);
        names.ToIds(request.Spec);
        var response = await base.CreateService(request, context);
        WithEndpoint(response.Service, names);
        return response;
    }

    public override async Task ListServices(
        V1.ListServicesRequest request,
        IServerStreamWriter<V1.Service> responseStream,
        ServerCallContext context
    )
    {
        var names = await networks.NamesAsync(context.CancellationToken);
        await calls.BeginListAsync(context);
        await base.ListServices(request, new CompletedResponses<V1.Service>(responseStream, s => WithEndpoint(s, names)!), context);
    }

    public override async Task<V1.UpdateServiceResponse> UpdateService(V1.UpdateServiceRequest request, ServerCallContext context)
    {
        await calls.BeginAsync(context);
        var names = await networks.NamesAsync(context.CancellationToken);
        names.ToIds(request.Spec);
        var response = await base.UpdateService(request, context);
        WithEndpoint(response.Service, names);
        return response;
    }

    public override async Task<V1.ScaleServicesResponse> ScaleServices(V1.ScaleServicesRequest request, ServerCallContext context)
    {
        var names = await networks.NamesAsync(context.CancellationToken);
        await calls.BeginAsync(context);
        var response = await base.ScaleServices(request, context);
        foreach (var service in response.Services)
        {
            WithEndpoint(service, names);
        }
        return response;
    }

    public override async Task<V1.UpdateServiceResponse> RollbackService(V1.RollbackServiceRequest request, ServerCallContext context)
    {
        var names = await networks.NamesAsync(context.CancellationToken);
        await calls.BeginAsync(context);
        var response = await base.RollbackService(request, context);
        WithEndpoint(response.Service, names);
        return response;
    }

    public override async Task<V1.RemoveServiceResponse> RemoveService(V1.RemoveServiceRequest request, ServerCallContext context)
    {
        await calls.BeginAsync(context);
        return await base.RemoveService(request, context);
    }

    public override async Task ListServiceRevisions(
        V1.ListServiceRevisionsRequest request,
        IServerStreamWriter<V1.ServiceRevision> responseStream,
        ServerCallContext context
    )
    {
        var names = await networks.NamesAsync(context.CancellationToken);
        await calls.BeginListAsync(context);
        await base.ListServiceRevisions(
            request,
            new CompletedResponses<V1.ServiceRevision>(responseStream, r => WithNames(r, names)),
            context
        );
    }

    public override Task WaitServices(
        V1.WaitServicesRequest request,
        IServerStreamWriter<V1.ServiceProgress> responseStream,
        ServerCallContext context
    ) => calls.WatchAsync(context, call => base.WaitServices(request, responseStream, call));

    private static V1.ServiceRevision WithNames(V1.ServiceRevision revision, NetworkNames names)
    {
        names.ToNames(revision.Spec);
        for (var i = 0; i < revision.Changes.Count; i++)
        {
            revision.Changes[i] = names.InText(revision.Changes[i]);
        }
        return revision;
    }

    /// <summary>Networks by their names, and the published ports that the engine has chosen.</summary>
    private V1.Service? WithEndpoint(V1.Service? service, NetworkNames names)
    {
        if (service is null)
        {
            return null;
        }
        names.ToNames(service.Spec);
        names.ToNames(service.PreviousSpec);
        // Docker chooses the ports that nobody names, not the state.
        service.PublishedPorts.Clear();
        service.PublishedPorts.Add(DockerPorts.Read(mirror.Service(service.Id)?.Endpoint).Select(ProtocolMapping.ToWire));
        return service;
    }
}
