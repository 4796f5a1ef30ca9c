using System.Diagnostics;
using Swarm.Control.State;
using Swarm.Core.State;

namespace Swarm.Control.Objects;

/// <summary>How often a call that waits looks at the state: after a change, and not too often. A look at thousands of tasks is long, and
/// nothing is applied meanwhile.</summary>
internal sealed class ProgressPace(StateStore store, ChangeSignal changed)
{
    /// <summary>Progress is for a person: so often at most.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>A pause in looks: they take a tenth of the time at most.</summary>
    private const int PauseInLooks = 9;

    private TimeSpan _pause = ShortestPause;

    /// <summary>Reads the state.</summary>
    public T Look<T>(Func<ClusterState, T> look)
    {
        var start = Stopwatch.GetTimestamp();
        var seen = store.Read(look);
        var pause = Stopwatch.GetElapsedTime(start) * PauseInLooks;
        _pause = TimeSpan.FromTicks(Math.Clamp(pause.Ticks, ShortestPause.Ticks, LongestPause.Ticks));
        return seen;
    }

    /// <summary>Returns when something watched has changed since the last look, but not too soon.</summary>
    public async Task NextAsync(CancellationToken cancellation)
    {
        await changed.WaitAsync(cancellation);
        await Task.Delay(_pause, cancellation);
    }
}
