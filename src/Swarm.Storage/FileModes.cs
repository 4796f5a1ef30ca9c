using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Swarm.Storage;

/// <summary>Owners and modes of files, as the system has them. Tests have file systems of their own.</summary>
[UnsupportedOSPlatform("windows")]
public partial class FileModes
{
    /// <summary>Bytes that hold any of the structures below.</summary>
    private const int Room = 256;

    /// <summary>The place of the owner in struct statx. Source: linux/stat.h; the same on every architecture.</summary>
    private const int OwnerOnLinux = 20;

    private const uint OwnerAsked = 0x8;
    private const int CurrentDirectory = -100;

    /// <summary>The place of the owner in struct stat with 64-bit inodes, which has 144 bytes. Source: sys/stat.h of macOS.</summary>
    private const int OwnerOnMac = 16;

    public static FileModes System { get; } = new();

    /// <summary>The user that runs this process.</summary>
    public virtual uint Self => geteuid();

    public virtual UnixFileMode ModeOf(string path) => File.GetUnixFileMode(path);

    /// <exception cref="UnauthorizedAccessException">The file is another user's.</exception>
    /// <exception cref="IOException">The file system cannot.</exception>
    public virtual void SetMode(string path, UnixFileMode mode) => File.SetUnixFileMode(path, mode);

    /// <summary>The user id of the owner; null where the system does not tell. A link's is its target's.</summary>
    /// <remarks>Linux and macOS tell. Elsewhere a foreign owner shows when the mode cannot be set.</remarks>
    public virtual uint? OwnerOf(string path)
    {
        var buffer = new byte[Room];
        try
        {
            return OperatingSystem.IsLinux() ? Told(statx(CurrentDirectory, path, 0, OwnerAsked, buffer), OwnerOnLinux)
                : OperatingSystem.IsMacOS() ? Told(StatOfMac(path, buffer), OwnerOnMac)
                : null;
        }
        catch (EntryPointNotFoundException)
        {
            return OperatingSystem.IsLinux() ? OwnerByNumber(path) : null;
        }

        uint? Told(int failed, int place) => failed == 0 ? BitConverter.ToUInt32(buffer, place) : null;
    }

    /// <summary>The owner, asked for by the number of the system call: musl before 1.2.5 has no function for it.</summary>
    [SupportedOSPlatform("linux")]
    internal static uint? OwnerByNumber(string path)
    {
        // Source: the system call tables of Linux. Newer architectures have the number of arm64.
        nint number = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 332,
            Architecture.X86 => 383,
            Architecture.Arm => 397,
            Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 291,
            _ => 0,
        };
        var buffer = new byte[Room];
        return number != 0 && syscall(number, CurrentDirectory, path, 0, (nint)OwnerAsked, buffer) == 0
            ? BitConverter.ToUInt32(buffer, OwnerOnLinux)
            : null;
    }

    // On Intel the plain name is that of a function with 32-bit inodes.
    private static int StatOfMac(string path, byte[] result) =>
        RuntimeInformation.ProcessArchitecture == Architecture.X64 ? stat64(path, result) : stat(path, result);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int statx(int directory, string path, int flags, uint mask, [Out] byte[] result);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint syscall(nint number, nint directory, string path, nint flags, nint mask, [Out] byte[] result);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int stat(string path, [Out] byte[] result);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int stat64(string path, [Out] byte[] result);
}
