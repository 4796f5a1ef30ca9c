namespace Swarm.Tests.Shared;

// The module has a Task of its own.
using Task = System.Threading.Tasks.Task;

/// <summary>Waits of tests. Each ends after a time that a working product never needs, and its error names the wait. A hang would end the whole run
/// and name nothing.</summary>
internal static class Deadline
{
    /// <summary>For a broken product, on a machine that is busy; not an expectation.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);

    /// <param name="task">The event. It is not cancelled when the time is up.</param>
    /// <param name="what">A name for it: "the agent's session to open".</param>
    /// <exception cref="TimeoutException">Names it.</exception>
    public static Task WaitAsync(Task task, string what) => WaitAsync(task, what, Limit);

    /// <inheritdoc cref="WaitAsync(Task, string)"/>
    public static async Task<T> WaitAsync<T>(Task<T> task, string what)
    {
        await WaitAsync(task, what, Limit);
        return await task;
    }

    /// <inheritdoc cref="WaitAsync(Task, string)"/>
    public static Task<T> WaitAsync<T>(ValueTask<T> task, string what) => WaitAsync(task.AsTask(), what);

    /// <summary>As <see cref="WaitAsync(Task, string)"/>, with a limit of its own.</summary>
    public static async Task WaitAsync(Task task, string what, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw Passed(what, limit);
        }
    }

    /// <summary>Looks again and again until a condition holds.</summary>
    /// <param name="condition">Asked on this task; it may throw.</param>
    /// <param name="what">A name for it.</param>
    /// <param name="act">Called before each look but the first: lets time pass, say.</param>
    /// <exception cref="TimeoutException">Names it.</exception>
    public static async Task UntilAsync(Func<bool> condition, string what, Action? act = null)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Limit)
            {
                throw Passed(what, Limit);
            }
            act?.Invoke();
            await Task.Delay(LookInterval, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The items of a stream, each of which has the time of one wait.</summary>
    /// <inheritdoc cref="WaitAsync(Task, string)"/>
    public static async IAsyncEnumerable<T> EachAsync<T>(IAsyncEnumerable<T> items, string what)
    {
        await using var each = items.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        while (await WaitAsync(each.MoveNextAsync(), what))
        {
            yield return each.Current;
        }
    }

    private static TimeoutException Passed(string what, TimeSpan limit) => new($"Waited {limit.TotalSeconds} s in vain for {what}.");
}
