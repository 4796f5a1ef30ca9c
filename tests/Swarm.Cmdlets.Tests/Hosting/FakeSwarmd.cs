using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>A gRPC server on a Unix socket with a fake control API behind it.</summary>
internal sealed class FakeSwarmd : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _directory;
    private int _connections;

    private FakeSwarmd()
    {
        _directory = Directory.CreateTempSubdirectory("swarm-fake-").FullName;
        Socket = Path.Combine(_directory, "s.sock");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
            k.ListenUnixSocket(
                Socket,
                o =>
                {
                    o.Protocols = HttpProtocols.Http2;
                    o.Use(next =>
                        connection =>
                        {
                            Interlocked.Increment(ref _connections);
                            return next(connection);
                        }
                    );
                }
            )
        );
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new FakeDaemon(Control));
        builder.Services.AddSingleton(new FakeMembership(Control));
        builder.Services.AddSingleton(new FakeClusters(Control));
        builder.Services.AddSingleton(new FakeNodes(Control));
        builder.Services.AddSingleton(new FakeServices(Control));
        builder.Services.AddSingleton(new FakeTasks(Control));
        builder.Services.AddSingleton(new FakeNetworks(Control));
        builder.Services.AddSingleton(new FakeEvents(Control));
        _app = builder.Build();
        _app.MapGrpcService<FakeDaemon>();
        _app.MapGrpcService<FakeMembership>();
        _app.MapGrpcService<FakeClusters>();
        _app.MapGrpcService<FakeNodes>();
        _app.MapGrpcService<FakeServices>();
        _app.MapGrpcService<FakeTasks>();
        _app.MapGrpcService<FakeNetworks>();
        _app.MapGrpcService<FakeEvents>();
    }

    public FakeControl Control { get; } = new();
    public string Socket { get; }
    public int Connections => Volatile.Read(ref _connections);

    public static async Task<FakeSwarmd> StartAsync()
    {
        var daemon = new FakeSwarmd();
        await daemon._app.StartAsync();
        return daemon;
    }

    public async ValueTask DisposeAsync()
    {
        // Watches that a test left open must not hold the server.
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
