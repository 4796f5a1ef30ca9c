using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Dispatcher;

/// <summary>The host calls of one session that have no reply yet.</summary>
internal sealed class HostCalls
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, TaskCompletionSource<Wire.HostAnswer?>> _open = [];
    private ulong _last;
    private bool _ended;

    /// <param name="command">What to do.</param>
    /// <param name="send">Writes the call to the agent's stream.</param>
    /// <param name="cancellation">The caller gives up; the node goes on with what it has begun.</param>
    /// <returns>Null: the session ended first.</returns>
    public async Task<Wire.HostAnswer?> RunAsync(Wire.HostCommand command, Func<Wire.HostCall, Task> send, CancellationToken cancellation)
    {
        var reply = new TaskCompletionSource<Wire.HostAnswer?>(TaskCreationOptions.RunContinuationsAsynchronously);
        ulong number;
        lock (_gate)
        {
            if (_ended)
            {
                return null;
            }
            _open.Add(number = ++_last, reply);
        }
        try
        {
            await send(new Wire.HostCall { Number = number, Command = command }).ConfigureAwait(false);
            return await reply.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or ObjectDisposedException)
        {
            // The stream has ended under it.
            return null;
        }
        finally
        {
            lock (_gate)
            {
                _open.Remove(number);
            }
        }
    }

    public void Complete(Wire.HostReply reply)
    {
        lock (_gate)
        {
            // Without a call: the caller has given up.
            _open.GetValueOrDefault(reply.Number)?.TrySetResult(reply.Answer ?? new Wire.HostAnswer());
        }
    }

    public void EndAll()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var reply in _open.Values)
            {
                reply.TrySetResult(null);
            }
        }
    }
}
