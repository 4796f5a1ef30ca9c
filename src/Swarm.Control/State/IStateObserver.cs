using Swarm.Core.State;

namespace Swarm.Control.State;

/// <summary>Follows applied state. Called while the state is being changed: it must be quick, must not throw and must not read the store.</summary>
public interface IStateObserver
{
    /// <summary>One batch was applied.</summary>
    void OnApplied(IReadOnlyList<ChangedObject> changes, ulong index);

    /// <summary>Everything was replaced by a snapshot: whoever watches starts afresh.</summary>
    void OnRestored();
}
