using Swarm.Consensus.Errors;
using Swarm.Core.State;

namespace Swarm.Consensus;

/// <summary>Our port to consensus: a log of batches that every manager applies in the same order.</summary>
/// <remarks>Committed batches are passed to <see cref="IStateMachinePort"/> on one thread, in log order.</remarks>
public interface IReplicatedLog : ILeadership, IAsyncDisposable
{
    /// <summary>Reads the log on disk, starts the member and returns once it has recovered its own committed state.</summary>
    /// <exception cref="ReplicatedLogException">The log or a snapshot is damaged, locked, or of an unknown format.</exception>
    Task StartAsync(CancellationToken cancellation);

    /// <summary>Appends a batch and waits until it is committed, on disk on a majority, and applied here.</summary>
    /// <returns>The index of the batch.</returns>
    /// <exception cref="ReplicatedLogException">NotLeader, LeadershipLost (the outcome is unknown), StorageFull, TooLarge (over 1 MB), StorageFailed.</exception>
    Task<ulong> ProposeAsync(IReadOnlyList<StateChange> batch, CancellationToken cancellation);

    /// <summary>Returns once everything committed before the call has been applied here, and leadership was confirmed after the call.</summary>
    Task ReadBarrierAsync(CancellationToken cancellation);

    /// <summary>The members' cluster addresses.</summary>
    IReadOnlyCollection<string> Members { get; }
}
