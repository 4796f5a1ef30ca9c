namespace Swarm.Agent.Executors;

/// <summary>Waits of any length. A timer takes 49.7 days at most (2³² - 2 ms), but durations of a service are up to 100 years.</summary>
internal static class LongDelay
{
    /// <summary>The longest single timer.</summary>
    public static readonly TimeSpan LongestStep = TimeSpan.FromDays(30);

    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public static async Task WaitAsync(TimeSpan delay, TimeProvider time, CancellationToken cancellation)
    {
        for (; delay > LongestStep; delay -= LongestStep)
        {
            await Task.Delay(LongestStep, time, cancellation);
        }
        await Task.Delay(delay, time, cancellation);
    }
}
