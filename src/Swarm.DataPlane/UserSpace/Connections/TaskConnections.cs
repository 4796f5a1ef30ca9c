using System.Net;
using System.Net.NetworkInformation;

namespace Swarm.DataPlane.UserSpace.Connections;

/// <summary>Tells whether a task of this node still has connections that are in use.</summary>
internal static class TaskConnections
{
    /// <summary>A connection that was silent for so long is not in use: a client keeps it for later.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    // enum tcp_state: ESTABLISHED, SYN_RECV and CLOSE_WAIT. In all others the task has ended its side, and the kernel sends the rest.
    private const uint OpenStates = (1 << 1) | (1 << 3) | (1 << 8);

    /// <summary>True while one of the ends has a connection in use.</summary>
    /// <param name="ends">The addresses and ports on which the task listens.</param>
    public static bool AnyInUse(IReadOnlyCollection<IPEndPoint> ends)
    {
        if (ends.Count == 0)
        {
            return false;
        }
        if (OperatingSystem.IsLinux())
        {
            return SocketDiagnostics.List(OpenStates).Exists(connection => connection.Silence < Silence && ends.Contains(connection.Local));
        }
        // Other systems do not tell for how long a connection was silent: all of them are waited for, as long as the drain time allows.
        return Array.Exists(
            IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections(),
            connection => connection.State is TcpState.Established or TcpState.CloseWait && ends.Contains(connection.LocalEndPoint)
        );
    }
}
