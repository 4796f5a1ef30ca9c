using System.Runtime.Versioning;
using Swarm.Core.Errors;

namespace Swarm.Storage;

/// <summary>Keeps files with secrets for their owner alone, or refuses them with the command to run.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PrivateFiles(FileModes modes, Action<string> warn)
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Takes away the rights of others to a directory.</summary>
    /// <exception cref="SwarmException">StateDirectoryUnsafe: it is another user's, or its mode does not hold.</exception>
    public void RequireDirectory(string path)
    {
        RequireOwner(path);
        Tighten(path);
    }

    /// <summary>Takes away the rights of others to a file with a key. A file that others could write may hold their key.</summary>
    /// <exception cref="SwarmException">StateDirectoryUnsafe: it is another user's, others can write it, or its mode does not hold.</exception>
    public void RequireKeyFile(string path)
    {
        RequireOwner(path);
        if ((modes.ModeOf(path) & OthersWrite) != 0)
        {
            throw Unsafe(
                path,
                $"Other users can write '{path}' (mode {Octal(modes.ModeOf(path))}), so that its content may be theirs.",
                $"Make sure that it is yours, for example from a backup; then run: chmod 600 '{path}'"
            );
        }
        Tighten(path);
    }

    private void RequireOwner(string path)
    {
        if (modes.OwnerOf(path) is { } owner && owner != modes.Self)
        {
            throw Unsafe(
                path,
                $"'{path}' belongs to another user (id {owner}; swarmd runs as {modes.Self}), who could read it and replace it.",
                $"Run swarmd as that user, or make sure that its content is yours and run: chown -R {modes.Self} '{path}'"
            );
        }
    }

    private void Tighten(string path)
    {
        var before = modes.ModeOf(path);
        if ((before & Others) == 0)
        {
            return;
        }
        try
        {
            modes.SetMode(path, before & ~Others);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unsafe(
                path,
                $"Other users have rights to '{path}' (mode {Octal(before)}), and they cannot be taken away: {e.Message.TrimEnd('.')}.",
                $"As its owner, run: chmod go= '{path}'",
                e
            );
        }
        if ((modes.ModeOf(path) & Others) != 0)
        {
            throw Unsafe(
                path,
                $"Other users have rights to '{path}', and its file system does not keep modes: everybody on this machine could read the keys.",
                "Move it to a file system with modes (not FAT or some network shares), for example: cp -a, then start swarmd with --state-dir."
            );
        }
        warn(
            $"Other users had rights to '{path}' (mode {Octal(before)}): they were taken away. Somebody may have read it; New-SwarmCredential, Reset-SwarmJoinToken and Reset-SwarmUnlockKey make new secrets."
        );
    }

    private static string Octal(UnixFileMode mode) => "0" + Convert.ToString((int)mode, 8);

    private static SwarmException Unsafe(string path, string message, string action, Exception? inner = null) =>
        new(SwarmErrorKind.FailedPrecondition, "StateDirectoryUnsafe", message, path, action, inner);
}
