namespace Swarm.Core.State;

/// <summary>What the log drives: applies batches, and gives and takes snapshots.</summary>
public interface IStateMachinePort
{
    /// <summary>Applies one committed batch. Never called concurrently with itself.</summary>
    void Apply(IReadOnlyList<StateChange> batch, ulong index);

    /// <summary>Everything, at one index; called on the applying thread, and must be cheap (references only).</summary>
    StateSnapshot Capture();

    /// <summary>Replaces everything.</summary>
    void Restore(StateSnapshot snapshot);
}
