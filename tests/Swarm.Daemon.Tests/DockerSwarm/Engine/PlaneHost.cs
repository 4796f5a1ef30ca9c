using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Control.Addresses;
using Swarm.Daemon.Configuration;
using Swarm.Daemon.Hosting;
using Swarm.Daemon.Tests.Storage;
using Swarm.DockerSwarm.Plane;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>A whole swarmd with the docker control plane, and a client on its socket.</summary>
internal sealed class PlaneHost : IAsyncDisposable
{
    private readonly ControlHost _host;
    private readonly GrpcChannel _channel;
    private readonly TemporaryDirectory? _owned;

    private PlaneHost(ControlHost host, string socket, TemporaryDirectory? owned)
    {
        _host = host;
        _owned = owned;
        _channel = UnixSocketChannel.Open(socket);
        Client = new V1.ControlClient(_channel);
    }

    public V1.ControlClient Client { get; }

    /// <param name="engine">The engine's socket.</param>
    /// <param name="directory">The state directory; null: a directory of its own.</param>
    /// <param name="port">The port for remote sessions; 0: any.</param>
    /// <param name="peers">The swarmd of other nodes.</param>
    public static async Task<PlaneHost> StartAsync(string engine, string? directory = null, int port = 0, params PeerSetting[] peers)
    {
        var owned = directory is null ? new TemporaryDirectory() : null;
        var state = directory ?? owned!.Path;
        var options = new DaemonOptions
        {
            StateDirectory = Path.Combine(state, "state"),
            Socket = Path.Combine(state, "swarmd.sock"),
            Listen = new HostAddress("127.0.0.1", port),
            Hostname = "test",
            DockerHost = "unix://" + engine,
            ControlPlane = ControlPlaneKind.Docker,
            Peers = peers,
        };
        var host = await ControlHost.StartAsync(
            options,
            loggers: NullLoggerFactory.Instance,
            cancellation: TestContext.Current.CancellationToken
        );
        return new PlaneHost(host, options.Socket, owned);
    }

    /// <summary>All items of a stream.</summary>
    public static async Task<List<T>> ListAsync<T>(AsyncServerStreamingCall<T> call)
    {
        using (call)
        {
            var all = new List<T>();
            await foreach (
                var item in Deadline.EachAsync(
                    call.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken),
                    $"the next {typeof(T).Name} of a list"
                )
            )
            {
                all.Add(item);
            }
            return all;
        }
    }

    /// <summary>The error id of a refused call.</summary>
    public static async Task<string> RefusedAsync(Func<Task> call) =>
        (await Assert.ThrowsAsync<RpcException>(call)).Trailers.GetValue("swarm-error-id") ?? "";

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _host.DisposeAsync();
        _owned?.Dispose();
    }
}
