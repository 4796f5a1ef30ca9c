using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>Waits for an effect of another process. The limit is for a broken product, not an expectation.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Looks until the value is as wanted, and returns it.</summary>
    /// <param name="look">Looks once. Its error counts as "not yet"; the last one is part of the failure.</param>
    /// <param name="wanted">Whether the value is as wanted.</param>
    /// <param name="what">For the failure.</param>
    /// <param name="more">Added to the failure: logs, say.</param>
    public static async Task<T> GetAsync<T>(Func<Task<T>> look, Func<T, bool> wanted, string what, Func<string>? more = null)
    {
        var cancel = TestContext.Current.CancellationToken;
        var start = TimeProvider.System.GetTimestamp();
        object? seen = null;
        while (TimeProvider.System.GetElapsedTime(start) < Limit)
        {
            try
            {
                var now = await look();
                if (wanted(now))
                {
                    return now;
                }
                seen = now;
            }
            catch (Grpc.Core.RpcException e)
            {
                seen = e.Status;
            }
            await Task.Delay(20, cancel);
        }
        Assert.Fail($"Not within {Limit.TotalSeconds} s: {what}. Last seen: {Show(seen)}\n{more?.Invoke()}");
        throw new InvalidOperationException();
    }

    /// <summary>The value for a person who looks for the cause: of tasks their states and errors, of lists every item.</summary>
    private static string Show(object? seen) =>
        seen switch
        {
            null => "nothing",
            V1.Task t =>
                $"{t.Name} on {t.NodeName} wants {t.DesiredState}, is {t.Status.State} (pid {t.Status.Pid}, exit code {t.Status.ExitCode}) "
                    + $"'{t.Status.Message}' '{t.Status.Error}'",
            string text => text,
            System.Collections.IEnumerable items => string.Concat(items.Cast<object?>().Select(static i => "\n  " + Show(i))),
            _ => seen.ToString() ?? "",
        };

    public static Task BeTrueAsync(Func<bool> condition, string what, Func<string>? more = null) =>
        GetAsync(() => Task.FromResult(condition()), static now => now, what, more);
}
