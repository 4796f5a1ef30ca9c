using Swarm.Control.State;
using Swarm.Daemon.Tests.Storage;
using Swarm.DockerSwarm.Mirror;
using Swarm.Storage;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>A mirror that the test feeds with the engine's answers.</summary>
public abstract class MirrorTest : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private protected MirrorTest()
    {
        State = StateDirectory.Open(_directory.Path);
        Sync = new MirrorSync(Store, new RevisionLedger(State), TimeProvider.System);
    }

    private protected string Folder => _directory.Path;

    private protected StateDirectory State { get; }

    private protected StateStore Store { get; } = new();

    private protected MirrorSync Sync { get; }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        State.Dispose();
        _directory.Dispose();
    }
}
