using Swarm.Core.Errors;
using Swarm.Core.State;

namespace Swarm.Control.Errors;

/// <summary>The errors of a manager that cannot write.</summary>
public static class LeaderErrors
{
    private const string StorageFullId = "StorageFull";

    /// <summary>True when the refusal passes as soon as there is room on the disk.</summary>
    public static bool IsStorageFull(SwarmException refusal) => refusal.ErrorId == StorageFullId;

    /// <summary>The reason why this manager is not the leader: its disk is full, another one leads, or none.</summary>
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

    public static SwarmException StorageFull(Exception? inner) =>
        new(
            SwarmErrorKind.ResourceExhausted,
            StorageFullId,
            "The manager's disk is full: nothing can be changed, and nothing was lost.",
            action: "Free space on the disk of swarmd's state directory, then retry.",
            inner: inner
        );
}
