namespace Swarm.Storage;

/// <summary>Checks the free space before the log writes. DotNext's log cannot go on after a failed write of its own, so proposals are
/// refused while there is still room.</summary>
public sealed class DiskSpace(string directory, long reserve)
{
    /// <summary>Bytes that stay free beyond the need of a proposal, for the log's next chunks and its bookkeeping.</summary>
    public const long DefaultReserve = 1024 * 1024;

    private readonly DriveInfo? _volume = VolumeOf(directory);

    public bool HasRoomFor(long bytes)
    {
        try
        {
            return _volume is null || _volume.AvailableFreeSpace >= bytes + reserve;
        }
        catch (IOException)
        {
            // Not every volume reports its space. A failed write is still noticed.
            return true;
        }
    }

    /// <summary>ENOSPC (28) and EDQUOT (122, 69 on macOS), and their Windows counterparts.</summary>
    public static bool IsFull(Exception? error)
    {
        for (var current = error; current is not null; current = current.InnerException)
        {
            if (current is IOException io && IsFullCode(io.HResult))
            {
                return true;
            }
            if (current is AggregateException aggregate && aggregate.InnerExceptions.Any(IsFull))
            {
                return true;
            }
        }
        return false;
    }

    private static bool IsFullCode(int code) =>
        OperatingSystem.IsWindows() ? (code & 0xFFFF) is 112 or 39 : code is 28 or 122 || (OperatingSystem.IsMacOS() && code == 69);

    private static DriveInfo? VolumeOf(string directory)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(directory));
        }
        catch (ArgumentException)
        {
            // A network share on Windows has no drive.
            return null;
        }
    }
}
