namespace Swarm.Core.State;

/// <summary>The log's port to the state machine: applies batches, and creates and restores snapshots.</summary>
public interface IStateMachinePort
{
    /// <summary>Applies one committed batch. Never called concurrently with itself.</summary>
    void Apply(IReadOnlyList<StateChange> batch, ulong index);

    /// <summary>Everything, at one index; called on the applying thread, and must be cheap (references only).</summary>
    StateSnapshot Capture();

    /// <summary>Replaces everything.</summary>
    void Restore(StateSnapshot snapshot);
}
