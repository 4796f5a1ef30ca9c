using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>Networks, as <see cref="FakeControl"/> has it in memory.</summary>
internal sealed class FakeNetworks(FakeControl control) : V1.Networks.NetworksBase
{
    public override Task<V1.Network> CreateNetwork(V1.CreateNetworkRequest request, ServerCallContext context)
    {
        control.Note(request);
        var network = new V1.Network
        {
            Id = request.Name + "id",
            Name = request.Name,
            Driver = request.Driver,
            Scope = "swarm",
            Attachable = request.Attachable,
        };
        network.Subnets.Add(request.Subnets);
        control.Networks.Add(network);
        return AsyncTask.FromResult(network);
    }

    public override AsyncTask ListNetworks(
        V1.ListNetworksRequest request,
        IServerStreamWriter<V1.Network> responseStream,
        ServerCallContext context
    )
    {
        control.Note(request);
        return FakeControl.SendAsync(
            control.Networks.Where(n =>
                request.Selectors.Count == 0 || request.Selectors.Contains(n.Name) || request.Selectors.Contains(n.Id)
            ),
            responseStream
        );
    }

    public override Task<V1.RemoveNetworkResponse> RemoveNetwork(V1.RemoveNetworkRequest request, ServerCallContext context)
    {
        control.Note(request);
        control.Networks.RemoveAll(n => n.Id == request.Selector);
        return AsyncTask.FromResult(new V1.RemoveNetworkResponse());
    }
}
