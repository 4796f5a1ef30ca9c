using Swarm.Daemon.Tests.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Attacks;

/// <summary>A manager in a process of its own, for the test that attacks it.</summary>
public abstract class AttackedManager : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-p-").FullName;
    private SwarmdNode? _manager;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected SwarmdNode Manager => _manager ?? throw new InvalidOperationException("The manager has not started.");

    /// <summary>The settings of its swarm.</summary>
    private protected virtual V1.ClusterSettings? Settings => null;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals, sockets and /proc as on Linux.");
        _manager = new SwarmdNode(_directory, "manager1", "Simulated");
        await _manager.StartAsync();
        await _manager.Control.Membership.InitSwarmAsync(new V1.InitSwarmRequest { Settings = Settings }, cancellationToken: Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_manager is not null)
        {
            await _manager.DisposeAsync();
        }
        Directory.Delete(_directory, recursive: true);
    }
}
