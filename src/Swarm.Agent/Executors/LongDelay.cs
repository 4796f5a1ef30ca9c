namespace Swarm.Agent.Executors;

/// <summary>Waits of any length. A timer takes 49.7 days at most (2³² - 2 ms), a service's durations are up to 100 years.</summary>
internal static class LongDelay
{
    /// <summary>What is waited at once.</summary>
    public static readonly TimeSpan LongestStep = TimeSpan.FromDays(30);

    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task WaitAsync(TimeSpan delay, TimeProvider time, CancellationToken cancellation)
    {
        for (; delay > LongestStep; delay -= LongestStep)
        {
            await Task.Delay(LongestStep, time, cancellation);
        }
        await Task.Delay(delay, time, cancellation);
    }
}
