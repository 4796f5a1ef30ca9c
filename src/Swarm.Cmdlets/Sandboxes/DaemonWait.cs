using Grpc.Core;
using Swarm.Cmdlets.Errors;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Waits for the daemons of a sandbox that starts, for as long as their processes live. The time that they take tells how busy the machine is,
/// and nothing else.</summary>
/// <param name="nodes">The daemons that were started. The end of one ends the wait.</param>
/// <param name="say">Shows the present step, and how long it has lasted when that is long.</param>
/// <param name="warn">Called once for a step that lasts long, with the last answer of the daemons: without a console nobody sees the steps.</param>
/// <param name="time">Measures the steps.</param>
internal sealed class DaemonWait(IReadOnlyList<SandboxNode> nodes, Action<string> say, Action<string> warn, TimeProvider time)
{
    /// <summary>The time after which a step shows how long it has lasted.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    /// <summary>The time after which a step is a warning as well.</summary>
    public static readonly TimeSpan VeryLong = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(25);

    private string _step = "";
    private string _answer = "";
    private long _began;
    private bool _warned;

    /// <summary>Begins a step, for the user to see.</summary>
    public void Begin(string step)
    {
        (_step, _answer, _began, _warned) = (step, "", time.GetTimestamp(), false);
        say(step);
    }

    /// <summary>Runs work that asks the daemons, until it ends or a daemon has ended.</summary>
    /// <exception cref="SwarmException">SandboxStartFailed: the process of a daemon has ended.</exception>
    public async AsyncTask RunAsync(Func<CancellationToken, AsyncTask> work, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var doing = work(ending.Token);
        try
        {
            while (await AsyncTask.WhenAny(doing, AsyncTask.Delay(LookInterval, time, ending.Token)) != doing)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (nodes.FirstOrDefault(static n => !DaemonProcess.IsAlive(n)) is { } ended)
                {
                    throw SandboxLauncher.Failed(ended, "Its process ended.");
                }
                Tell();
            }
            await doing;
        }
        finally
        {
            await ending.CancelAsync();
            await AsyncTask.WhenAny(doing);
        }
    }

    /// <summary>Asks a daemon again until it gives an answer. A daemon that is not there yet, or says that it cannot yet, may answer in a moment.</summary>
    /// <exception cref="RpcException">A refusal that another attempt does not change.</exception>
    public async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (RpcException e)
                when (e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded || ErrorMapper.IdOf(e) == "DaemonUnavailable")
            {
                _answer = ErrorMapper.ToRecord(e).Exception.Message;
            }
            await PauseAsync(cancellationToken);
        }
    }

    /// <summary>Waits a moment before the next question.</summary>
    public AsyncTask PauseAsync(CancellationToken cancellationToken) => AsyncTask.Delay(AskInterval, time, cancellationToken);

    private void Tell()
    {
        var elapsed = time.GetElapsedTime(_began);
        if (elapsed < Long)
        {
            return;
        }
        var seconds = TimeSpan.FromSeconds(Math.Floor(elapsed.TotalSeconds));
        say($"{_step}, for {Display.Duration(seconds)}");
        if (elapsed >= VeryLong && !_warned)
        {
            _warned = true;
            warn(
                $"{_step} takes {Display.Duration(seconds)} so far. All daemons live, so the wait goes on; Ctrl+C ends it and removes the sandbox.{(_answer.Length > 0 ? $" The last answer: {_answer}" : "")}"
            );
        }
    }
}
