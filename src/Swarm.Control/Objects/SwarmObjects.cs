using Swarm.Control.Errors;
using Swarm.Control.Reading;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

/// <summary>The swarm's objects as the areas of the API answer for them: applied state, and the way to change it through the leading manager.</summary>
public sealed class SwarmObjects(StateStore store, IOrchestrator orchestrator, ILeadership leadership, SwarmObjectsOptions options)
{
    public StateStore Store => store;

    public IOrchestrator Orchestrator => orchestrator;

    public ILeadership Leadership => leadership;

    public SwarmObjectsOptions Options => options;

    public DateTimeOffset Now => options.Time.GetUtcNow();

    /// <exception cref="SwarmException">NoLeader.</exception>
    public Task RequireLeaderAsync(CancellationToken cancellation) =>
        State.Leadership.WaitAsync(leadership, options.LeaderWait, options.Time, cancellation);

    /// <inheritdoc cref="IOrchestrator.ExecuteAsync{T}"/>
    public async Task<T> ExecuteAsync<T>(
        string requestId,
        Func<ClusterState, CommandChanges> prepare,
        Func<ClusterState, string, T> result,
        CancellationToken cancellation
    )
    {
        await RequireLeaderAsync(cancellation);
        return await orchestrator.ExecuteAsync(requestId, prepare, result, cancellation);
    }

    /// <summary>Plans on a fork, which shares what it does not change. Readers do not wait for it; the writer does, for less time than a copy would
    /// take.</summary>
    public async Task<V1.Preview> PreviewAsync(Func<ClusterState, IReadOnlyList<PlannedAction>> plan, CancellationToken cancellation)
    {
        await RequireLeaderAsync(cancellation);
        return store.Read(state =>
        {
            var fork = state.Fork();
            return PreviewMessage.Of(plan(fork), fork);
        });
    }

    /// <summary>Nothing more would be known here after leadership is lost; the caller asks the next leader.</summary>
    /// <exception cref="SwarmException">NoLeader.</exception>
    public void RequireStillLeading()
    {
        if (!leadership.IsLeader)
        {
            throw LeaderErrors.NotLeading(leadership);
        }
    }

    /// <exception cref="SwarmException">VersionConflict.</exception>
    internal static void RequireVersion(ulong wanted, ulong actual, string kind, string name)
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

    /// <summary>Gone between the change and the answer: somebody removed it at once.</summary>
    internal static SwarmException Vanished(string kind, string errorId, string id) =>
        new(SwarmErrorKind.NotFound, errorId, $"{kind} {id} not found", id, "It was removed after the change.");

    internal static V1.Service ServiceOrVanished(ClusterState state, string id) =>
        state.FindService(id) is { } service ? WireObjects.Of(service, state) : throw Vanished("service", "ServiceNotFound", id);
}
