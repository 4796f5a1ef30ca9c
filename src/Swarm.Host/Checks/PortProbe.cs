using System.Net.Sockets;

namespace Swarm.Host.Checks;

public enum ProbeOutcome
{
    /// <summary>A program listens there and answered.</summary>
    Open = 0,

    /// <summary>The host refused: packets get through, but no program listens.</summary>
    Refused = 1,

    /// <summary>No answer came: a firewall drops packets, or there is no such host.</summary>
    NoAnswer = 2,

    /// <summary>A firewall rejects packets, there is no route, or the name is unknown.</summary>
    Unreachable = 3,

    /// <summary>A datagram was sent; only the receiving host knows whether it arrived.</summary>
    Sent = 4,
}

/// <summary>The result of one attempt.</summary>
/// <param name="Target">HOST:PORT.</param>
/// <param name="Outcome">The kind of result.</param>
/// <param name="Detail">The operating system's message.</param>
public sealed record ProbeResult(string Target, ProbeOutcome Outcome, string Detail);

/// <summary>Tries ports of other hosts.</summary>
public static class PortProbe
{
    /// <summary>A host that has not answered by then counts as not answering.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static async Task<ProbeResult> TcpAsync(string host, int port, CancellationToken cancellation)
    {
        var target = Target(host, port);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(host, port, limit.Token);
            return new ProbeResult(target, ProbeOutcome.Open, "connected");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ProbeResult(target, ProbeOutcome.NoAnswer, $"no answer within {Patience.TotalSeconds:0} s");
        }
        catch (SocketException e)
        {
            var outcome = e.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => ProbeOutcome.Refused,
                SocketError.TimedOut => ProbeOutcome.NoAnswer,
                _ => ProbeOutcome.Unreachable,
            };
            return new ProbeResult(target, outcome, e.Message);
        }
    }

    public static async Task<ProbeResult> UdpAsync(string host, int port, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var target = Target(host, port);
        // A socket without a family sends to both families.
        using var socket = new Socket(SocketType.Dgram, ProtocolType.Udp);
        try
        {
            await socket.ConnectAsync(host, port, cancellation);
            await socket.SendAsync(payload, cancellation);
            return new ProbeResult(target, ProbeOutcome.Sent, "sent");
        }
        catch (SocketException e)
        {
            return new ProbeResult(target, ProbeOutcome.Unreachable, e.Message);
        }
    }

    /// <summary>The target as the caller writes it: IPv6 in brackets.</summary>
    private static string Target(string host, int port) =>
        host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
}
