using Grpc.Core;
using Swarm.Control.Planes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Areas;

/// <summary>The API's area of networks: not built yet, whether or not this node is a manager.</summary>
internal sealed class BuiltinNetworks : V1.Networks.NetworksBase
{
    public override Task<V1.Network> CreateNetwork(V1.CreateNetworkRequest request, ServerCallContext context) =>
        throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Builtin, "New-SwarmNetwork");

    public override Task ListNetworks(
        V1.ListNetworksRequest request,
        IServerStreamWriter<V1.Network> responseStream,
        ServerCallContext context
    ) => throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Builtin, "Get-SwarmNetwork");

    public override Task<V1.RemoveNetworkResponse> RemoveNetwork(V1.RemoveNetworkRequest request, ServerCallContext context) =>
        throw ControlPlaneLimits.Refuse(ControlPlaneLimits.Builtin, "Remove-SwarmNetwork");
}
