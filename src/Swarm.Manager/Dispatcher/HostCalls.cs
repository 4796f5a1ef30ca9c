using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <summary>The host calls of one session that have no reply yet.</summary>
internal sealed class HostCalls
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, TaskCompletionSource<V1.HostAnswer?>> _open = [];
    private ulong _last;
    private bool _ended;

    /// <param name="command">The command for the host.</param>
    /// <param name="send">Writes the call to the agent's stream.</param>
    /// <param name="cancellation">The caller gives up; the node completes the command.</param>
    /// <returns>Null: the session ended first.</returns>
    public async Task<V1.HostAnswer?> RunAsync(V1.HostCommand command, Func<V1.HostCall, Task> send, CancellationToken cancellation)
    {
        var reply = new TaskCompletionSource<V1.HostAnswer?>(TaskCreationOptions.RunContinuationsAsynchronously);
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
            await send(new V1.HostCall { Number = number, Command = command });
            return await reply.Task.WaitAsync(cancellation);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or ObjectDisposedException)
        {
            // The stream has ended meanwhile.
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

    public void Complete(V1.HostReply reply)
    {
        lock (_gate)
        {
            // A reply without a call: the caller has given up.
            _open.GetValueOrDefault(reply.Number)?.TrySetResult(reply.Answer ?? new V1.HostAnswer());
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
