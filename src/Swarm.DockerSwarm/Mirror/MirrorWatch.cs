using Swarm.Core.Errors;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>A caller that waits for, or watches, the mirrored state.</summary>
public sealed class MirrorWatch(DockerMirror mirror) : IDisposable
{
    private readonly CancellationTokenSource _lost = new();

    /// <summary>Cancelled when the engine's swarm can no longer be read; <see cref="Why"/> then has the reason.</summary>
    public CancellationToken Lost => _lost.Token;

    public SwarmException? Why { get; private set; }

    public void Lose(SwarmException why)
    {
        Why ??= why;
        _lost.Cancel();
    }

    // The source is not disposed: Lose may still use it.
    public void Dispose() => mirror.End(this);
}
