using Swarm.Consensus.Errors;

namespace Swarm.Consensus;

/// <summary>The one way to say that something on disk is damaged: which file, what about it, and what to do.</summary>
internal static class LogDamage
{
    public static ReplicatedLogException Error(string path, string what, Exception? cause = null) =>
        new(
            ReplicatedLogError.Corrupted,
            $"The manager's log is damaged: '{path}': {what}. Nothing was changed. Restore the state directory from a backup, or, if other managers are alive, remove this one, delete its state directory and join it again.",
            cause
        );
}
