using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>The way into a swarm and out of it, as <see cref="FakeControl"/> has it in memory.</summary>
internal sealed class FakeMembership(FakeControl control) : V1.Membership.MembershipBase
{
    public override Task<V1.InitSwarmResponse> InitSwarm(V1.InitSwarmRequest request, ServerCallContext context)
    {
        control.Note(request);
        control.Daemon.State = V1.LocalNodeState.Active;
        control.Daemon.IsManager = true;
        return AsyncTask.FromResult(
            new V1.InitSwarmResponse
            {
                NodeId = "node0id",
                ClusterId = "cluster1",
                Tokens = control.Tokens,
                UnlockKey = request.Settings?.Autolock == true ? "SWMKEY-1-abc" : "",
            }
        );
    }

    public override Task<V1.JoinSwarmResponse> JoinSwarm(V1.JoinSwarmRequest request, ServerCallContext context)
    {
        control.Note(request);
        return AsyncTask.FromResult(
            new V1.JoinSwarmResponse
            {
                NodeId = "node9id",
                ClusterId = "cluster1",
                Role = V1.NodeRole.Manager,
                Warnings = { control.JoinWarnings },
            }
        );
    }

    public override Task<V1.LeaveSwarmResponse> LeaveSwarm(V1.LeaveSwarmRequest request, ServerCallContext context)
    {
        control.Note(request);
        return AsyncTask.FromResult(new V1.LeaveSwarmResponse());
    }

    public override Task<V1.UnlockSwarmResponse> UnlockSwarm(V1.UnlockSwarmRequest request, ServerCallContext context)
    {
        control.Note(request);
        return AsyncTask.FromResult(new V1.UnlockSwarmResponse());
    }
}
