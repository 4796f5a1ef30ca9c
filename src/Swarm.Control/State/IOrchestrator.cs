using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Control.State;

/// <summary>What makes the API's writes come true: the leader's loop over our log, or an engine whose swarm is mirrored.</summary>
public interface IOrchestrator
{
    /// <summary>Ids for objects that commands create. Used inside <c>prepare</c> only.</summary>
    IdSource Ids { get; }

    /// <summary>Nodes can be promoted and demoted.</summary>
    bool CanChangeRoles { get; }

    /// <summary>Validates a write against applied state, commits it and reads its answer.</summary>
    /// <param name="requestId">The caller's: a retry with the same one is answered from the record of the first. Empty: no record.</param>
    /// <param name="prepare">Works out the changes against applied state; refuses by throwing <see cref="SwarmException"/>. May be called more than once.</param>
    /// <param name="result">Reads the answer from the state after the change, given the result id.</param>
    /// <param name="cancellation">Ends the wait; a change that is already on its way is made all the same.</param>
    /// <exception cref="SwarmException">What <paramref name="prepare"/> throws; NoLeader, OutcomeUnknown, StorageFull, RequestTooLarge, TooManyRequests.</exception>
    Task<T> ExecuteAsync<T>(
        string requestId,
        Func<ClusterState, CommandChanges> prepare,
        Func<ClusterState, string, T> result,
        CancellationToken cancellation
    );

    /// <summary>Asks the orchestrator something without changing anything.</summary>
    T Ask<T>(Func<ControlLoop, ClusterState, T> question);

    /// <summary>Refuses to stop a single task where that cannot be done.</summary>
    /// <exception cref="SwarmException">NotSupportedByControlPlane.</exception>
    void RequireStopTask();
}
