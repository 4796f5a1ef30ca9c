using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using Swarm.Core.Errors;

namespace Swarm.Storage;

/// <summary>The directory with the whole state of one swarmd, locked exclusively while it is open.</summary>
/// <remarks>The lock is the kernel's (flock), so it ends with the process, however that ends.</remarks>
public sealed class StateDirectory : IDisposable
{
    /// <summary>The layout this swarmd writes. A newer one is refused.</summary>
    public const int CurrentLayout = 1;

    private const string LayoutFile = "layout";
    private const string LockFile = "lock";
    private const string PidFile = "swarmd.pid";
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream _lock;

    private StateDirectory(string path, FileStream lockStream, IReadOnlyList<string> warnings)
    {
        FullPath = path;
        _lock = lockStream;
        Warnings = warnings;
    }

    /// <summary>Rights of other users that were taken away when the directory was opened, or that are not checked on this system; for the
    /// log.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>An absolute path.</summary>
    public string FullPath { get; }

    /// <summary>Creates the directory (0700) if missing, locks it, takes away the rights of other users and checks its layout.</summary>
    /// <remarks>Owners are checked on Linux and macOS, modes on every Unix, and rights on Windows not at all: there, a warning says so.</remarks>
    /// <param name="path">The directory.</param>
    /// <param name="modes">Owners and modes of files; null: the system's.</param>
    /// <exception cref="SwarmException">StateDirectoryInUse, StateDirectoryNotWritable, StateDirectoryUnsafe, StateDirectoryTooNew or
    /// StateDirectoryDamaged.</exception>
    public static StateDirectory Open(string path, FileModes? modes = null)
    {
        var full = Path.GetFullPath(path);
        CreateDirectory(full);
        var held = Lock(full);
        try
        {
            List<string> warnings = [];
            if (OperatingSystem.IsWindows())
            {
                warnings.Add(NotChecked(full));
            }
            else
            {
                Secure(full, new PrivateFiles(modes ?? FileModes.System, warnings.Add));
            }
            CheckLayout(full);
            DurableFile.Write(Path.Combine(full, PidFile), Encoding.ASCII.GetBytes(Invariant(Environment.ProcessId)));
            return new StateDirectory(full, held, warnings);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            held.Dispose();
            throw NotWritable(full, error);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Absolute path of a file or directory in it.</summary>
    public string Combine(string name) => Path.Combine(FullPath, name);

    /// <summary>A directory in it (0700), created if missing.</summary>
    public string CreateSubdirectory(string name)
    {
        var path = Combine(name);
        CreateDirectory(path);
        return path;
    }

    /// <summary>Replaces a file as a whole: after a crash it is the old or the new one. The file is on disk when this returns.</summary>
    /// <exception cref="SwarmException">StateDirectoryNotWritable; the old file is still there.</exception>
    public void WriteAtomic(string name, ReadOnlySpan<byte> content, UnixFileMode mode = DurableFile.OwnerOnly)
    {
        try
        {
            DurableFile.Write(Combine(name), content, mode);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw NotWritable(Combine(name), error);
        }
    }

    /// <summary>A file's content, or null when there is none.</summary>
    public byte[]? Read(string name)
    {
        var path = Combine(name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    /// <summary>Removes a file, durably. Nothing happens when there is none.</summary>
    public void Delete(string name)
    {
        File.Delete(Combine(name));
        DurableFile.SyncDirectory(Path.GetDirectoryName(Combine(name))!);
    }

    /// <summary>The error for a file that cannot be used.</summary>
    /// <param name="path">Absolute path of the file.</param>
    /// <param name="what">Its fault, such as <c>is damaged</c>.</param>
    /// <param name="inner">The cause, if there is one.</param>
    /// <returns>StateDirectoryDamaged.</returns>
    public static SwarmException Damaged(string path, string what, Exception? inner = null) =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "StateDirectoryDamaged",
            $"'{path}' {what}. Nothing was changed.",
            path,
            "Restore the state directory from a backup and restart swarmd; or give up this node's membership with Exit-Swarm -Force and join again.",
            inner
        );

    public void Dispose()
    {
        // A user who removed the directory under a running swarmd has removed the file as well.
        if (_lock.CanWrite && Directory.Exists(FullPath))
        {
            File.Delete(Combine(PidFile));
        }
        _lock.Dispose();
    }

    private static void CreateDirectory(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path, DirectoryMode);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw NotWritable(path, error);
        }
    }

    /// <summary>Windows has access lists in the place of owners and modes, and a new folder inherits them: below ProgramData every user may read. swarmd
    /// does not check them.</summary>
    private static string NotChecked(string path) =>
        $"On Windows swarmd does not check who has rights to '{path}', which holds keys. For administrators and the system alone, run: icacls \"{path}\" /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F";

    /// <summary>The directory keeps everything in it from others; files with keys are looked at themselves, since they may come from a backup.
    /// They are the JSON files.</summary>
    [UnsupportedOSPlatform("windows")]
    private static void Secure(string path, PrivateFiles files)
    {
        files.RequireDirectory(path);
        foreach (var file in Directory.EnumerateFiles(path, "*.json").Order(StringComparer.Ordinal))
        {
            files.RequireKeyFile(file);
        }
    }

    private static FileStream Lock(string path)
    {
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
            };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = DurableFile.OwnerOnly;
            }
            return new FileStream(Path.Combine(path, LockFile), options);
        }
        catch (UnauthorizedAccessException error)
        {
            throw NotWritable(path, error);
        }
        catch (IOException error) when (IsHeldByAnother(error))
        {
            var holder = ReadPid(path) is { } pid ? $" (pid {Invariant(pid)})" : "";
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "StateDirectoryInUse",
                $"The state directory '{path}' is in use by another swarmd{holder}.",
                path,
                "Stop that swarmd, or start this one with another --state-dir.",
                error
            );
        }
        catch (IOException error)
        {
            throw NotWritable(path, error);
        }
    }

    /// <summary>EWOULDBLOCK of flock on Linux (11) and macOS (35), or the sharing violation of Windows.</summary>
    private static bool IsHeldByAnother(IOException error) =>
        OperatingSystem.IsWindows() ? (error.HResult & 0xFFFF) == 32 : error.HResult is 11 or 35;

    private static int? ReadPid(string path)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(path, PidFile));
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void CheckLayout(string path)
    {
        var file = Path.Combine(path, LayoutFile);
        if (!File.Exists(file))
        {
            DurableFile.Write(file, Encoding.ASCII.GetBytes(Invariant(CurrentLayout)));
            return;
        }
        var text = File.ReadAllText(file);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var layout) || layout < 1)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "StateDirectoryDamaged",
                $"The file '{file}' does not hold a layout number.",
                file,
                "If this is a swarmd state directory, restore it from a backup; if not, start swarmd with another --state-dir."
            );
        }
        if (layout > CurrentLayout)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "StateDirectoryTooNew",
                $"The state directory '{path}' has layout {Invariant(layout)}; this swarmd understands layouts up to {Invariant(CurrentLayout)}.",
                path,
                "Start a swarmd that is at least as new as the one that wrote it."
            );
        }
    }

    private static SwarmException NotWritable(string path, Exception error) =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "StateDirectoryNotWritable",
            $"Cannot write '{path}': {error.Message}",
            path,
            "Give the user that runs swarmd write access and free disk space, or start swarmd with another --state-dir.",
            error
        );

    private static string Invariant(int value) => value.ToString(CultureInfo.InvariantCulture);
}
