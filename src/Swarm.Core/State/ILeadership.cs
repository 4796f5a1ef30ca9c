namespace Swarm.Core.State;

/// <summary>Whether what is applied here is the swarm's current state, and may be answered from.</summary>
public interface ILeadership
{
    /// <summary>True while this member leads and has applied everything committed before its term.</summary>
    bool IsLeader { get; }

    /// <summary>Cluster address (host:port) of the leader, or null when there is none.</summary>
    string? LeaderAddress { get; }

    /// <summary>There is no room on this member's disk. A lone member leads on and refuses changes; one of several gives up the lead until there is
    /// room.</summary>
    bool IsStorageFull => false;

    /// <summary>Raised on every gain and loss of leadership.</summary>
    event Action<bool>? LeadershipChanged;
}
