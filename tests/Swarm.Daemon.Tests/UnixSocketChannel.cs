using System.Net.Sockets;
using Grpc.Net.Client;

namespace Swarm.Daemon.Tests;

/// <summary>gRPC over a Unix socket, as the module speaks it to its local daemon.</summary>
internal static class UnixSocketChannel
{
    public static GrpcChannel Open(string socket) =>
        GrpcChannel.ForAddress(
            "http://localhost",
            new GrpcChannelOptions
            {
                DisposeHttpClient = true,
                HttpHandler = new SocketsHttpHandler
                {
                    ConnectCallback = async (_, cancellation) =>
                    {
                        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                        return new NetworkStream(connection, ownsSocket: true);
                    },
                },
            }
        );
}
