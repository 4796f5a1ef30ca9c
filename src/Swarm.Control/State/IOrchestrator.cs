using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Control.State;

/// <summary>Carries out the API's writes: the leader's loop over our log, or an engine whose swarm is mirrored.</summary>
public interface IOrchestrator
{
    /// <summary>Ids for objects that commands create. Used inside <c>prepare</c> only.</summary>
    IdSource Ids { get; }

    /// <summary>True when nodes can be promoted and demoted.</summary>
    bool CanChangeRoles { get; }

    /// <summary>Validates a write against applied state, commits it and reads its answer.</summary>
    /// <param name="requestId">The caller's id: a retry with the same id is answered from the record of the first. Empty: no
    /// record.</param>
    /// <param name="prepare">Computes the changes on applied state; refuses by throwing <see cref="SwarmException"/>. May be called more
    /// than once.</param>
    /// <param name="result">Reads the answer from the state after the change, given the result id.</param>
    /// <param name="cancellation">Ends the wait; a change in progress is made all the same.</param>
    /// <exception cref="SwarmException">An error of <paramref name="prepare"/>; NoLeader, OutcomeUnknown, StorageFull, RequestTooLarge,
    /// TooManyRequests.</exception>
    Task<T> ExecuteAsync<T>(
        string requestId,
        Func<ClusterState, CommandChanges> prepare,
        Func<ClusterState, string, T> result,
        CancellationToken cancellation
    );

    /// <summary>Asks the orchestrator a question that changes nothing.</summary>
    T Ask<T>(Func<ControlLoop, ClusterState, T> question);

    /// <summary>Throws where a single task cannot be stopped.</summary>
    /// <exception cref="SwarmException">NotSupportedByControlPlane.</exception>
    void RequireStopTask();
}
