namespace Swarm.Consensus.Errors;

/// <summary>The reason why the log failed.</summary>
public enum ReplicatedLogError
{
    NotLeader,
    LeadershipLost,
    StorageFull,
    TooLarge,
    Corrupted,
    UnknownFormat,
    WrongKey,
    StorageFailed,
}
