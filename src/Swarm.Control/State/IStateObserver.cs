using Swarm.Core.State;

namespace Swarm.Control.State;

/// <summary>Follows applied state. Called while the state is being changed: it must be quick, must not throw and must not read the store.</summary>
public interface IStateObserver
{
    /// <summary>A batch was applied.</summary>
    void OnApplied(IReadOnlyList<ChangedObject> changes, ulong index);

    /// <summary>A snapshot replaced everything: observers must start afresh.</summary>
    void OnRestored();
}
