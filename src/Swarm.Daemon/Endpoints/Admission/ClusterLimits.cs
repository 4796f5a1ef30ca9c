using Microsoft.AspNetCore.Server.Kestrel.Core;
using Swarm.Security;

namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>The shares of callers in the cluster port. Callers without a certificate of a member have one share together; each certificate has its own,
/// whatever address it comes from.</summary>
internal sealed record ClusterLimits
{
    /// <summary>The longest time of a handshake. A node's takes two round trips.</summary>
    public TimeSpan HandshakeTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Unfinished handshakes from addresses where no member is known; and as many again from members' addresses. About 20 KB each.</summary>
    public int Handshakes { get; init; } = 512;

    /// <summary>Connections without a member's certificate, together.</summary>
    public int AnonymousConnections { get; init; } = 64;

    /// <summary>The life of a connection without a member's certificate. A join takes less than 5 s.</summary>
    public TimeSpan AnonymousLife { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that a connection without a member's certificate may send, of whatever kind. A join sends less than 2 KB.</summary>
    public long AnonymousBytes { get; init; } = 256 * 1024;

    /// <summary>Calls at the same time on a connection without a member's certificate. A join makes one after the other.</summary>
    public int AnonymousCalls { get; init; } = 4;

    /// <summary>Bytes of a message to a method that anybody may call: a token, a certificate request of 400 bytes, a host name.</summary>
    public long AnonymousMessage { get; init; } = 8 * 1024;

    /// <summary>The longest time of a call of such a method. A manager without a leader answers after 3 s.</summary>
    public TimeSpan AnonymousCallTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections of one certificate. Beyond them the oldest is closed, so that a node whose old ones are dead gets in.</summary>
    public int MemberConnections { get; init; } = 64;

    /// <summary>Calls of one worker's certificate at the same time: its session, the one before, a renewal. Each may hold a message of 4 MB.</summary>
    public int WorkerCalls { get; init; } = 8;

    /// <summary>Calls of one administrator's or manager's certificate at the same time.</summary>
    public int AdministratorCalls { get; init; } = 128;

    /// <summary>Bytes of messages that the calls of one certificate hold at the same time: eight of the largest. An administrator's usual call has less
    /// than 10 KB, so that 128 of them have room.</summary>
    public long MemberBytes { get; init; } = 8L * ClusterChannel.MaxMessageSize;

    /// <summary>Bytes that may lie unread on a connection, and on one of its streams. A message of 4 MB takes 16 round trips at the most.</summary>
    private const int ConnectionWindow = 256 * 1024;

    private const int StreamWindow = 128 * 1024;

    /// <summary>Streams of a connection, also those that were refused and whose end the peer has not confirmed.</summary>
    private const int Streams = 100;

    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindow;
        kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindow;
        kestrel.Limits.Http2.MaxStreamsPerConnection = Streams;
    }
}
