using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Swarm.Storage;

/// <summary>Owners and modes of files, as the system has them. Tests have file systems of their own.</summary>
[UnsupportedOSPlatform("windows")]
public partial class FileModes
{
    private const int StatxSize = 256;
    private const int OwnerOffset = 20;
    private const uint OwnerAsked = 0x8;
    private const int CurrentDirectory = -100;

    public static FileModes System { get; } = new();

    /// <summary>The user that runs this process.</summary>
    public virtual uint Self => geteuid();

    public virtual UnixFileMode ModeOf(string path) => File.GetUnixFileMode(path);

    /// <exception cref="UnauthorizedAccessException">The file is another user's.</exception>
    /// <exception cref="IOException">The file system cannot.</exception>
    public virtual void SetMode(string path, UnixFileMode mode) => File.SetUnixFileMode(path, mode);

    /// <summary>The user id of the owner; null where the system does not tell. A link's is its target's.</summary>
    /// <remarks>Source of the offsets: struct statx, linux/stat.h, the same on every architecture. Other systems do not have the call: there,
    /// a foreign owner shows when the mode cannot be set.</remarks>
    public virtual uint? OwnerOf(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }
        var buffer = new byte[StatxSize];
        try
        {
            return statx(CurrentDirectory, path, 0, OwnerAsked, buffer) == 0 ? BitConverter.ToUInt32(buffer, OwnerOffset) : null;
        }
        catch (EntryPointNotFoundException)
        {
            // musl before 1.2.5.
            return null;
        }
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int statx(int directory, string path, int flags, uint mask, [Out] byte[] result);
}
