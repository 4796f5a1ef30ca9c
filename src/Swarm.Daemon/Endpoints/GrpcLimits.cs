using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Swarm.Security;

namespace Swarm.Daemon.Endpoints;

/// <summary>The limits of a client's requests on either endpoint.</summary>
internal static class GrpcLimits
{
    public static void Apply(GrpcServiceOptions options)
    {
        options.MaxReceiveMessageSize = ClusterChannel.MaxMessageSize;
        // A list of a million tasks is many small messages, but one service may be large.
        options.MaxSendMessageSize = null;
        options.EnableDetailedErrors = false;
        options.IgnoreUnknownServices = false;
    }

    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(15);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
    }
}
