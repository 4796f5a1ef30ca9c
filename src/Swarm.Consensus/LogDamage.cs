using Swarm.Consensus.Errors;

namespace Swarm.Consensus;

/// <summary>The only source of errors about damaged files: they name the file, the damage and the next step.</summary>
internal static class LogDamage
{
    public static ReplicatedLogException Error(string path, string what, Exception? cause = null) =>
        new(
            ReplicatedLogError.Corrupted,
            $"The manager's log is damaged: '{path}': {what}. Nothing was changed. Restore the state directory from a backup, or, if other managers are alive, remove this one, delete its state directory and join it again.",
            cause
        );
}
