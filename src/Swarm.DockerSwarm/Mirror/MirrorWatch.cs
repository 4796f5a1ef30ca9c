using Swarm.Core.Errors;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>Somebody waits for, or watches, the mirrored state.</summary>
public sealed class MirrorWatch(DockerMirror mirror) : IDisposable
{
    private readonly CancellationTokenSource _lost = new();

    /// <summary>Cancelled when the engine's swarm cannot be seen any more; <see cref="Why"/> then says why.</summary>
    public CancellationToken Lost => _lost.Token;

    public SwarmException? Why { get; private set; }

    public void Lose(SwarmException why)
    {
        Why ??= why;
        _lost.Cancel();
    }

    // The source is not disposed: Lose may be on its way.
    public void Dispose() => mirror.End(this);
}
