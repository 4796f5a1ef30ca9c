using Swarm.Consensus.Errors;
using Swarm.Control.Errors;
using Swarm.Core.Errors;

namespace Swarm.Manager.Leader;

/// <summary>Converts the log's failures to errors of the API.</summary>
public static class LogErrors
{
    public static SwarmException From(ReplicatedLogException e, string? leaderAddress) =>
        e.Error switch
        {
            ReplicatedLogError.NotLeader => LeaderErrors.NoLeader(leaderAddress),
            ReplicatedLogError.LeadershipLost => LeaderErrors.OutcomeUnknown(e),
            ReplicatedLogError.StorageFull => LeaderErrors.StorageFull(e),
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
}
