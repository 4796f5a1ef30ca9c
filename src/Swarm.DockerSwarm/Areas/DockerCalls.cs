using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Core.Errors;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Writes;

namespace Swarm.DockerSwarm.Areas;

/// <summary>Brings the mirrored state up to date before a call is answered from it.</summary>
internal sealed class DockerCalls(DockerMirror mirror, DockerOrchestrator orchestrator, CancellationToken stopping)
{
    /// <summary>Before a list.</summary>
    /// <inheritdoc cref="DockerMirror.RefreshAsync"/>
    public Task BeginListAsync(ServerCallContext context) => mirror.RefreshAsync(context.CancellationToken);

    /// <summary>Before a call that may be the retry of a write.</summary>
    /// <remarks>Networks are read within the call. An engine that is in no swarm, or does not reach it, lists its own networks without an error.
    /// The refresh is refused instead.</remarks>
    /// <inheritdoc cref="DockerMirror.RefreshAsync"/>
    public async Task BeginAsync(ServerCallContext context)
    {
        await mirror.RefreshAsync(context.CancellationToken);
        orchestrator.SettleUnknown();
    }

    /// <summary>Streams end with the caller, when swarmd stops, and when the engine's swarm is out of sight.</summary>
    /// <exception cref="SwarmException">Why the engine's swarm is out of sight.</exception>
    public async Task WatchAsync(ServerCallContext context, Func<ServerCallContext, Task> stream)
    {
        using var watch = mirror.Watch();
        await mirror.RefreshAsync(context.CancellationToken);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping, watch.Lost);
        try
        {
            await stream(new EndingCall(context, any.Token));
        }
        catch (Exception e)
            when (watch.Why is not null
                && !context.CancellationToken.IsCancellationRequested
                && e is OperationCanceledException or SwarmException { ErrorId: "StateRestored" }
            )
        {
            throw watch.Why ?? e;
        }
    }
}
