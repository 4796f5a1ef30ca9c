using Swarm.Daemon.Consensus;

namespace Swarm.Daemon.Manager;

/// <summary>The refusals of a manager that cannot write.</summary>
internal static class LeaderErrors
{
    /// <summary>Why this manager does not lead: its disk is full, or another one does, or nobody.</summary>
    public static SwarmException NotLeading(ILeadership log) => log.IsStorageFull ? StorageFull(null) : NoLeader(log.LeaderAddress);

    public static SwarmException NoLeader(string? leaderAddress) =>
        leaderAddress is { Length: > 0 }
            ? new SwarmException(
                SwarmErrorKind.Unavailable,
                "NoLeader",
                $"This manager does not lead the swarm; the leader is {leaderAddress}.",
                leaderAddress,
                $"Retry there: Connect-Swarm {leaderAddress}."
            )
            : new SwarmException(
                SwarmErrorKind.Unavailable,
                "NoLeader",
                "The swarm does not have a leader. It's possible that too few managers are online.",
                action: "Make sure more than half of the managers are online, then retry."
            );

    public static SwarmException OutcomeUnknown(Exception inner) =>
        new(
            SwarmErrorKind.Unavailable,
            "OutcomeUnknown",
            "This manager lost leadership while the change was being written; it may have been committed or not.",
            action: "Look whether it was made before you make it again.",
            inner: inner
        );

    public static SwarmException Stopping() =>
        new(SwarmErrorKind.Unavailable, "NoLeader", "This manager is stopping.", action: "Retry on another manager.");

    public static SwarmException From(ReplicatedLogException e, string? leaderAddress) =>
        e.Error switch
        {
            ReplicatedLogError.NotLeader => NoLeader(leaderAddress),
            ReplicatedLogError.LeadershipLost => OutcomeUnknown(e),
            ReplicatedLogError.StorageFull => StorageFull(e),
            ReplicatedLogError.TooLarge => new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "RequestTooLarge",
                "The change is larger than an entry of the log may be (1 MB).",
                action: "Make it smaller: fewer or shorter labels, environment variables and mounts, or fewer services at once.",
                inner: e
            ),
            _ => new SwarmException(
                SwarmErrorKind.Internal,
                "LogFailure",
                e.Message,
                action: "Look into swarmd's log on the manager.",
                inner: e
            ),
        };

    private static SwarmException StorageFull(Exception? inner) =>
        new(
            SwarmErrorKind.ResourceExhausted,
            "StorageFull",
            "The manager's disk is full: nothing can be changed, and nothing was lost.",
            action: "Free space on the disk of swarmd's state directory, then retry.",
            inner: inner
        );
}
