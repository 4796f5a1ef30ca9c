using System.Net;
using System.Net.Sockets;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Keeps all other PowerShell processes of this machine, of any user, from choosing the addresses of a sandbox. A socket guards the choice while the
/// sandbox starts. A file remembers it after that: the daemons of a sandbox without a swarm do not listen.</summary>
internal sealed class AddressClaim : IDisposable
{
    /// <summary>The nodes have the addresses from 11 on.</summary>
    private const byte Last = 10;

    private readonly Socket? _socket;

    private AddressClaim(Socket? socket) => _socket = socket;

    /// <summary>A claim of nothing: the nodes have ports of their own.</summary>
    public static AddressClaim None { get; } = new(null);

    /// <summary>Claims 127.0.THIRD.0/24; null: another sandbox has it.</summary>
    /// <param name="directory">The sandbox's directory. The addresses are its own until the directory is removed.</param>
    /// <param name="areFree">Whether no program listens on the addresses. It is asked while nobody else can choose them.</param>
    public static AddressClaim? TryTake(byte third, int port, string directory, Func<bool> areFree)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, third, Last]), port));
            // Only a socket that listens keeps others away.
            socket.Listen(1);
            if (areFree() && TryRemember(FileOf(third, port), directory))
            {
                return new AddressClaim(socket);
            }
        }
        catch (SocketException)
        {
            // Another process chooses these addresses now.
        }
        socket.Dispose();
        return null;
    }

    public void Dispose() => _socket?.Dispose();

    /// <summary>The file that names the directory of the addresses' sandbox.</summary>
    internal static string FileOf(byte third, int port) => Path.Combine(Path.GetTempPath(), $"swarm-sandbox-127.0.{third}.0-{port}");

    private static bool TryRemember(string file, string directory)
    {
        try
        {
            if (File.Exists(file))
            {
                if (Directory.Exists(File.ReadAllText(file)))
                {
                    return false;
                }
                File.Delete(file);
            }
            // Never through a link that somebody has put there.
            using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None);
            using var writer = new StreamWriter(stream);
            writer.Write(directory);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The file is another user's, and so are the addresses.
            return false;
        }
    }
}
