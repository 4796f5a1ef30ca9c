using Swarm.Core.Identity;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Daemon.Manager;

/// <summary>What makes the API's writes come true: the leader's loop over our log, or an engine whose swarm is mirrored.</summary>
internal interface IOrchestrator
{
    /// <summary>Ids for objects that commands create. Used inside <c>prepare</c> only.</summary>
    IdSource Ids { get; }

    /// <summary>Nodes can be promoted and demoted.</summary>
    bool CanChangeRoles { get; }

    /// <inheritdoc cref="LeaderLoop.ExecuteAsync{T}"/>
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
