using Swarm.Control.Planes;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

/// <summary>The API for nodes, services and tasks, answered by the leading manager from applied state.</summary>
public sealed partial class ObjectApi(StateStore store, IOrchestrator loop, ILeadership log, ObjectApiOptions options) : IObjectApi
{
    private readonly TimeProvider _time = options.Time;

    private DateTimeOffset Now => _time.GetUtcNow();

    private Task RequireLeaderAsync(CancellationToken cancellation) => Leadership.WaitAsync(log, options.LeaderWait, _time, cancellation);

    private async Task<T> ExecuteAsync<T>(
        string requestId,
        Func<ClusterState, CommandChanges> prepare,
        Func<ClusterState, string, T> result,
        CancellationToken cancellation
    )
    {
        await RequireLeaderAsync(cancellation);
        return await loop.ExecuteAsync(requestId, prepare, result, cancellation);
    }

    /// <summary>Plans on a copy, so that neither readers nor the writer wait for it.</summary>
    private async Task<V1.Preview> PreviewAsync(Func<ClusterState, IReadOnlyList<PlannedAction>> plan, CancellationToken cancellation)
    {
        await RequireLeaderAsync(cancellation);
        var copy = new ClusterState();
        copy.Restore(store.Capture());
        return WireObjects.Of(plan(copy), copy);
    }

    private static void RequireVersion(ulong wanted, ulong actual, string kind, string name)
    {
        if (wanted != 0 && wanted != actual)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "VersionConflict",
                $"{kind} {name} was changed by somebody else since it was read (version {wanted}, now {actual}).",
                name,
                $"Read the {kind} again and repeat the change."
            );
        }
    }

    /// <summary>The error for an object that was removed between the change and the answer.</summary>
    private static SwarmException Vanished(string kind, string errorId, string id) =>
        new(SwarmErrorKind.NotFound, errorId, $"{kind} {id} not found", id, "It was removed after the change.");

    private static V1.Service ServiceOrVanished(ClusterState state, string id) =>
        state.FindService(id) is { } service ? WireObjects.Of(service, state) : throw Vanished("service", "ServiceNotFound", id);
}
