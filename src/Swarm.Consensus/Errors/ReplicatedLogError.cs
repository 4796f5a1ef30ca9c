namespace Swarm.Consensus.Errors;

/// <summary>Why the log could not do what it was asked.</summary>
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
