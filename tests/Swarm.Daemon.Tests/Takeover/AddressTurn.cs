using System.Net;
using System.Net.Sockets;
using Swarm.Daemon.Tests.Processes;

namespace Swarm.Daemon.Tests.Takeover;

/// <summary>The right to use an archived swarm's addresses. They are in its log, so tests, and runs of the tests, take turns.</summary>
internal sealed class AddressTurn : IDisposable
{
    private readonly FileStream _held;

    private AddressTurn(FileStream held) => _held = held;

    /// <summary>Waits for the turn; skips the test where this machine does not have the address.</summary>
    public static async Task<AddressTurn> TakeAsync(ArchivedSwarm swarm)
    {
        var address = swarm.Cluster.NodeAddress;
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            }
            catch (SocketException e)
            {
                Assert.Skip($"The archived swarm's address {address} is not an address of this machine: {e.Message}");
            }
        }
        var path = Path.Combine(Path.GetTempPath(), $"swarm-takeover-{address}.lock");
        FileStream? held = null;
        await Eventually.BeTrueAsync(() => (held = TryHold(path)) is not null, $"the turn to use {address} ({path})");
        return new AddressTurn(held!);
    }

    public void Dispose() => _held.Dispose();

    private static FileStream? TryHold(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
