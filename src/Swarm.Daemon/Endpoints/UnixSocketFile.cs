using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Swarm.Core.Errors;

namespace Swarm.Daemon.Endpoints;

/// <summary>The file of the control API's Unix socket: its owner, its permissions, and the file that a dead swarmd left.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class UnixSocketFile
{
    /// <summary>Members of this group may control the swarm, like members of Docker's group Docker.</summary>
    public const string Group = "swarm";

    private const UnixFileMode SocketMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private const UnixFileMode DirectoryMode =
        UnixFileMode.UserRead
        | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    /// <summary>Makes the path free for binding: creates its directory and removes the file that a dead swarmd left.</summary>
    /// <exception cref="SwarmException">SocketInUse: a live process answers there. SocketNotUsable: the file is no socket, or it cannot be
    /// written.</exception>
    public static void Prepare(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, DirectoryMode);
            if (!Path.Exists(path))
            {
                return;
            }
            if (IsAlive(path))
            {
                throw new SwarmException(
                    SwarmErrorKind.FailedPrecondition,
                    "SocketInUse",
                    $"Another program answers on the socket '{path}'.",
                    path,
                    "Stop that swarmd, or start this one with another --socket."
                );
            }
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotUsable(path, e.Message, e);
        }
    }

    /// <summary>Gives access to root (or the user of swarmd) and the group, and to nobody else.</summary>
    public static void Restrict(string path)
    {
        File.SetUnixFileMode(path, SocketMode);
        if (FindGroup(Group) is { } group)
        {
            // This fails when swarmd does not run as root and is no member of the group. Then only its user has access, which is safe.
            _ = ChangeOwner(path, uint.MaxValue, group);
        }
    }

    private static bool IsAlive(string path)
    {
        if ((File.GetAttributes(path) & FileAttributes.Directory) != 0 || !IsSocket(path))
        {
            throw NotUsable(path, "there is a file that is not a socket");
        }
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
        {
            return false;
        }
        catch (SocketException e)
        {
            throw NotUsable(path, e.Message, e);
        }
    }

    /// <summary>A socket has no bytes and cannot be opened as a file (ENXIO); a regular file can.</summary>
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static SwarmException NotUsable(string path, string why, Exception? inner = null) =>
        new(
            SwarmErrorKind.FailedPrecondition,
            "SocketNotUsable",
            $"The socket '{path}' cannot be used: {why}.",
            path,
            "Run swarmd as root, or start it with another --socket.",
            inner
        );

    private static uint? FindGroup(string name)
    {
        // struct group: char *gr_name; char *gr_passwd; gid_t gr_gid; … (Linux and macOS alike)
        var entry = GetGroup(name);
        return entry == 0 ? null : (uint)Marshal.ReadInt32(entry, 2 * IntPtr.Size);
    }

    [LibraryImport("libc", EntryPoint = "getgrnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetGroup(string name);

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
