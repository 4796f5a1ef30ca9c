using System.Collections.Concurrent;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>Holds calls until so many are there: they pass only if they run at the same time.</summary>
internal sealed class Rendezvous(int expected)
{
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _passed = new(StringComparer.Ordinal);
    private int _arrived;

    /// <summary>Arrives, and waits for the others.</summary>
    /// <param name="what">A name for all of them.</param>
    public AsyncTask ArriveAsync(string what)
    {
        if (Interlocked.Increment(ref _arrived) >= expected)
        {
            _complete.TrySetResult();
        }
        return AllAsync(what);
    }

    /// <summary>Waits until all have arrived.</summary>
    /// <param name="what">A name for all of them.</param>
    public AsyncTask AllAsync(string what) => Deadline.WaitAsync(_complete.Task, what);

    /// <summary>Lets them pass one after the other, in an order.</summary>
    public async AsyncTask PassAsync(string name, IReadOnlyList<string> order)
    {
        var place = order.ToList().IndexOf(name);
        if (place > 0)
        {
            await Deadline.WaitAsync(Passed(order[place - 1]).Task, $"{order[place - 1]} to go before {name}");
        }
        Passed(name).TrySetResult();
    }

    private TaskCompletionSource Passed(string name) =>
        _passed.GetOrAdd(name, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
