using System.Collections.Concurrent;
using DotNext.IO;
using DotNext.Net.Cluster.Consensus.Raft;

namespace Swarm.Consensus;

/// <summary>A batch on its way into the log. It is encrypted when its index is known, in <see cref="DurableWriteAheadLog"/>.</summary>
internal sealed class Proposal(ReadOnlyMemory<byte> plaintext, long term) : IRaftLogEntry
{
    private volatile bool _applied;

    public ReadOnlyMemory<byte> Plaintext { get; } = plaintext;

    public long Term { get; } = term;

    /// <summary>Its index in this member's log; 0 before it has one.</summary>
    public long Index { get; private set; }

    /// <summary>Identifies its encrypted bytes: another leader's entry may replace it at the same index.</summary>
    public UInt128 Id { get; private set; }

    /// <summary>True once exactly this batch was applied here.</summary>
    public bool IsApplied => _applied;

    bool IDataTransferObject.IsReusable => true;

    long? IDataTransferObject.Length => Plaintext.Length;

    public void PlaceAt(long index, UInt128 id)
    {
        Index = index;
        Id = id;
    }

    public void MarkApplied() => _applied = true;

    ValueTask IDataTransferObject.WriteToAsync<TWriter>(TWriter writer, CancellationToken token) =>
        throw new InvalidOperationException("A proposal is sealed before it is written.");
}

/// <summary>The proposals of this member that are in its log and not yet applied, by index.</summary>
internal sealed class ProposalTable
{
    private readonly ConcurrentDictionary<long, Proposal> _byIndex = new();

    public void Add(Proposal proposal) => _byIndex[proposal.Index] = proposal;

    public void Remove(Proposal proposal) => _byIndex.TryRemove(new KeyValuePair<long, Proposal>(proposal.Index, proposal));

    /// <summary>Handles an applied entry: the proposal at its index is done if it is that entry.</summary>
    public void Applied(long index, UInt128 id)
    {
        if (_byIndex.TryRemove(index, out var proposal) && proposal.Id == id)
        {
            proposal.MarkApplied();
        }
    }
}
