using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Storage;

/// <summary>Writes files that hold either the old or the new content after a crash or a power failure, never a mixture.</summary>
public static partial class DurableFile
{
    /// <summary>Read and write for the owner only.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes a temporary file beside the target, syncs it, renames it over the target and syncs the directory.</summary>
    /// <exception cref="IOException">The disk is full or cannot be written; the old content is still there.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode = OwnerOnly)
    {
        var temporary = path + ".tmp";
        try
        {
            using (var handle = Create(temporary, mode))
            {
                RandomAccess.Write(handle, content, 0);
                RandomAccess.FlushToDisk(handle);
            }
            Commit(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Renames a temporary file (already synced by the caller) to its final name, durably.</summary>
    public static void Commit(string temporary, string path)
    {
        File.Move(temporary, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Opens a new file for writing that has the given mode from its first moment; an old file of that name is replaced.</summary>
    public static SafeFileHandle Create(string path, UnixFileMode mode = OwnerOnly)
    {
        File.Delete(path);
        var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(handle, mode);
        }
        return handle;
    }

    /// <summary>Makes creations, renames and removals in a directory durable. Windows does that by itself (NTFS journals metadata).</summary>
    /// <exception cref="IOException">The directory cannot be opened or synced.</exception>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        var descriptor = Open(path, 0);
        if (descriptor < 0)
        {
            throw new IOException($"Cannot open the directory '{path}' to sync it: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        try
        {
            if (Sync(descriptor) != 0)
            {
                throw new IOException($"Cannot sync the directory '{path}': {Marshal.GetLastPInvokeErrorMessage()}.");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
