using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Swarm.Consensus;

/// <summary>DotNext's write-ahead log with two changes: it persists before it acknowledges, and it encrypts our entries for their
/// index.</summary>
/// <remarks>
/// DotNext 6.12 lets a follower acknowledge entries that are only queued for flushing, so a killed follower loses acknowledged entries.
/// Here, the interface's append methods are the base call and a flush. The leader's own append needs none:
/// <c>CommitAsync</c> waits until the entries that it commits are flushed.
/// </remarks>
internal sealed class DurableWriteAheadLog(WriteAheadLog.Options options, IStateMachine machine, LogCipher cipher, ProposalTable proposals)
    : WriteAheadLog(options, machine),
        IAuditTrail<IRaftLogEntry>
{
    // Appends run one at a time, so that an entry gets the index for which it is sealed.
    private readonly SemaphoreSlim _append = new(1, 1);

    /// <summary>For the test that shows the base class's loss: no flush before a follower acknowledges.</summary>
    internal bool FlushBeforeAcknowledging { get; init; } = true;

    /// <inheritdoc cref="ReplicatedLogOptions.SyncDelay"/>
    internal TimeSpan SyncDelay { get; init; }

    async ValueTask<long> IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(TEntry entry, CancellationToken token)
    {
        await _append.WaitAsync(token);
        try
        {
            return entry is Proposal proposal ? await AppendSealedAsync(proposal, token) : await AppendAsync(entry, token);
        }
        finally
        {
            _append.Release();
        }
    }

    async ValueTask IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(
        ILogEntryProducer<TEntry> entries,
        long startIndex,
        bool skipCommitted,
        CancellationToken token
    )
    {
        await _append.WaitAsync(token);
        try
        {
            await AppendAsync(entries, startIndex, skipCommitted, token);
        }
        finally
        {
            _append.Release();
        }
        await FlushAcknowledgedAsync(token);
    }

    /// <summary>Appends an entry at an index, or installs a snapshot.</summary>
    async ValueTask IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(TEntry entry, long startIndex, CancellationToken token)
    {
        await _append.WaitAsync(token);
        try
        {
            await AppendAsync(entry, startIndex, token);
        }
        finally
        {
            _append.Release();
        }
        await FlushAcknowledgedAsync(token);
    }

    private async ValueTask<long> AppendSealedAsync(Proposal proposal, CancellationToken token)
    {
        if (SyncDelay > TimeSpan.Zero)
        {
            await Task.Delay(SyncDelay, token);
        }
        var index = LastEntryIndex + 1;
        var content = cipher.Seal(LogCipher.Kind.Entry, (ulong)index, (ulong)proposal.Term, 0, proposal.Plaintext.Span);
        proposal.PlaceAt(index, LogCipher.IdOf(content));
        proposals.Add(proposal);
        var actual = await AppendAsync(new BinaryLogEntry { Term = proposal.Term, Content = content }, token);
        return actual == index
            ? index
            : throw new InvalidOperationException($"An entry sealed for index {index} was appended at {actual}.");
    }

    private Task FlushAcknowledgedAsync(CancellationToken token) => FlushBeforeAcknowledging ? FlushAsync(token) : Task.CompletedTask;
}
