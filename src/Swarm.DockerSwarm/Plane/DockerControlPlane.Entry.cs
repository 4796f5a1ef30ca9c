using System.Text.Json.Nodes;
using Swarm.Control.Errors;
using Swarm.Core.Errors;
using Swarm.DockerSwarm.Writes;
using Swarm.Engine;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Plane;

/// <content>Init and join, and their retries.</content>
public sealed partial class DockerControlPlane
{
    private readonly SwarmEntry _entry = new(time);
    private readonly RequestsUnderWay<V1.InitSwarmResponse> _inits = new();
    private readonly RequestsUnderWay<V1.JoinSwarmResponse> _joins = new();

    public Task<V1.InitSwarmResponse> InitSwarmAsync(V1.InitSwarmRequest request, CancellationToken cancellation) =>
        _inits.RunAsync(request.RequestId, () => BeginSwarmAsync(request, cancellation), cancellation);

    public Task<V1.JoinSwarmResponse> JoinSwarmAsync(V1.JoinSwarmRequest request, CancellationToken cancellation) =>
        _joins.RunAsync(request.RequestId, () => EnterSwarmAsync(request, cancellation), cancellation);

    /// <summary>Returns when the engine is in the swarm, by this request or by an earlier one with the same id.</summary>
    /// <inheritdoc cref="ChangeMembershipAsync"/>
    private async Task EnterAsync(
        string requestId,
        string path,
        JsonNode body,
        string target,
        CancellationToken cancellation,
        Func<EngineException, SwarmException, Task<SwarmException>>? explain = null
    )
    {
        var state = (await AskAsync("/info", cancellation)).Object("Swarm").Text("LocalNodeState");
        if (_entry.IsBy(requestId))
        {
            switch (state)
            {
                case "active":
                    return;
                case "pending":
                    throw MembershipErrors.Starting("the engine is still on its way into the swarm.");
                case "locked":
                    throw MembershipErrors.Locked();
            }
        }
        if (state == "inactive")
        {
            // For an engine that is in a swarm already, nobody could tell afterwards which request took it there.
            _entry.Set(requestId);
        }
        try
        {
            await ChangeMembershipAsync(path, body, target, cancellation, explain);
        }
        catch (SwarmException e) when (e.ErrorId is not ("EngineUnavailable" or "NoLeader" or "ManagerUnreachable"))
        {
            // After these three errors the engine may go on with it.
            _entry.Remove(requestId);
            throw;
        }
        _entry.Set(requestId);
    }
}
