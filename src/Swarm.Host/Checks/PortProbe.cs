using System.Net.Sockets;

namespace Swarm.Host.Checks;

public enum ProbeOutcome
{
    /// <summary>Something listens there and answered.</summary>
    Open = 0,

    /// <summary>The host refused: the packets get through, but nothing listens.</summary>
    Refused = 1,

    /// <summary>Nothing came back: a firewall that drops, or no such host.</summary>
    NoAnswer = 2,

    /// <summary>A firewall that rejects, no route, or an unknown name.</summary>
    Unreachable = 3,

    /// <summary>A datagram was sent; whether it arrived only the other side knows.</summary>
    Sent = 4,
}

/// <summary>What became of one attempt.</summary>
/// <param name="Target">HOST:PORT.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Detail">The system's words.</param>
public sealed record ProbeResult(string Target, ProbeOutcome Outcome, string Detail);

/// <summary>Tries ports of other hosts.</summary>
public static class PortProbe
{
    /// <summary>A host that has not answered by then is taken not to.</summary>
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
        // Of both families.
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

    /// <summary>As it is asked for: IPv6 in brackets.</summary>
    private static string Target(string host, int port) =>
        host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
}
