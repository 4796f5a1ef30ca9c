namespace Swarm.Host.Systems;

/// <summary>Runs steps one after another. When one fails, the earlier ones are undone in reverse order, and the error says so.</summary>
internal static class HostChange
{
    /// <exception cref="HostException"><paramref name="errorId"/>: names the failed step, the undone steps and the steps that could not be
    /// undone.</exception>
    public static async Task RunAsync(
        IHostSystem system,
        IReadOnlyList<HostStep> steps,
        string errorId,
        string action,
        CancellationToken cancellation
    )
    {
        List<HostStep> done = [];
        try
        {
            foreach (var step in steps)
            {
                cancellation.ThrowIfCancellationRequested();
                await step.DoAsync(system, cancellation);
                done.Add(step);
            }
        }
        catch (Exception e) when (e is HostException or OperationCanceledException)
        {
            var (undone, left) = await UndoAsync(system, done);
            if (e is OperationCanceledException && left.Count == 0)
            {
                throw;
            }
            var what = e is HostException failure ? failure.Message.TrimEnd('.') : "The change was cancelled";
            throw new HostException(
                errorId,
                $"{what}. {Told(undone, left)}",
                e is HostException { Target: var target } ? target : "",
                left.Count > 0 ? $"Take back by hand: {string.Join("; ", left)}. {action}".TrimEnd() : action,
                e
            );
        }
    }

    private static async Task<(int Undone, IReadOnlyList<string> Left)> UndoAsync(IHostSystem system, List<HostStep> done)
    {
        var undone = 0;
        List<string> left = [];
        foreach (var step in Enumerable.Reverse(done))
        {
            if (!step.CanUndo)
            {
                continue;
            }
            try
            {
                await step.UndoAsync(system);
                undone++;
            }
            catch (HostException)
            {
                left.Add(step.ToString());
            }
        }
        return (undone, left);
    }

    private static string Told(int undone, IReadOnlyList<string> left) =>
        (undone, left.Count) switch
        {
            (0, 0) => "Nothing was changed.",
            (_, 0) => $"{RolledBack(undone)}.",
            _ => $"{RolledBack(undone)}; {left.Count} could not be: {string.Join("; ", left)}.",
        };

    private static string RolledBack(int steps) =>
        steps == 1 ? "The step before it was rolled back" : $"{steps} steps before it were rolled back";
}
