using Grpc.Core;
using Swarm.Daemon.Membership;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Areas;

/// <summary>The API's area of this node's way into a swarm and out of it.</summary>
internal sealed class BuiltinMembership(NodeRuntime runtime, NodeRuntimeOptions options) : V1.Membership.MembershipBase
{
    public override async Task<V1.InitSwarmResponse> InitSwarm(V1.InitSwarmRequest request, ServerCallContext context)
    {
        var active = await runtime.InitAsync(request, context.CancellationToken);
        var cluster = new BuiltinClusters(active, options.Time);
        return new V1.InitSwarmResponse
        {
            NodeId = active.Record.NodeId,
            ClusterId = active.Record.ClusterId,
            Tokens = cluster.Tokens,
            UnlockKey = cluster.UnlockKey,
        };
    }

    public override async Task<V1.JoinSwarmResponse> JoinSwarm(V1.JoinSwarmRequest request, ServerCallContext context)
    {
        var active = await runtime.JoinAsync(request, context.CancellationToken);
        return new V1.JoinSwarmResponse
        {
            NodeId = active.Record.NodeId,
            ClusterId = active.Record.ClusterId,
            Role = ProtocolMapping.ToWire(active.Record.Role),
            Warnings = { active.JoinWarnings },
        };
    }

    public override async Task<V1.LeaveSwarmResponse> LeaveSwarm(V1.LeaveSwarmRequest request, ServerCallContext context)
    {
        await runtime.LeaveAsync(request.RequestId, request.Force, context.CancellationToken);
        return new V1.LeaveSwarmResponse();
    }

    public override async Task<V1.UnlockSwarmResponse> UnlockSwarm(V1.UnlockSwarmRequest request, ServerCallContext context)
    {
        await runtime.UnlockAsync(request.UnlockKey, context.CancellationToken);
        return new V1.UnlockSwarmResponse();
    }
}
