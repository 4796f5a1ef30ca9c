using Swarm.Consensus;
using Swarm.Control.Objects;
using Swarm.Core.State;

namespace Swarm.Manager;

/// <summary>The environment of a manager, which its host provides.</summary>
public sealed record ManagerRuntimeOptions
{
    /// <summary>The id of this node.</summary>
    public required string NodeId { get; init; }

    /// <summary>host:port by which the other nodes reach this manager.</summary>
    public required string ClusterAddress { get; init; }

    /// <summary>Makes the log over the state machine; the runtime starts and disposes it.</summary>
    public required Func<IStateMachinePort, IReplicatedLog> CreateLog { get; init; }
    public required ResolveImage ResolveImage { get; init; }
    public required ILoggerFactory LoggerFactory { get; init; }
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The first batch of a new swarm (cluster, this node), proposed when the log is empty. Null: the log has entries, or will get
    /// them.</summary>
    public IReadOnlyList<StateChange>? Bootstrap { get; init; }

    /// <summary>The time that a call waits for a leader before it fails with NoLeader: a restart or an election takes less.</summary>
    public TimeSpan LeaderWait { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The time for which changes of assignments are gathered before they are sent to an agent.</summary>
    public TimeSpan AssignmentBatching { get; init; } = TimeSpan.FromMilliseconds(3);
}
