namespace Swarm.Agent.Executors.Process;

/// <summary>Takes away tasks' directories while others may still write to them by name: an adopting executor's watch its <c>exit</c>, a probe its <c>healthy</c>.</summary>
/// <remarks>First the directory gets another name, in one step. From then on nobody finds it, and a swarmd that dies half-way leaves something that the next one
/// knows for a rest, rather than half a task.</remarks>
internal static class TaskDirectory
{
    /// <summary>No task id has a dot.</summary>
    private const string RestPrefix = ".removed-";

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    /// <summary>How often is tried again while something that runs in the directory (a dying process, by its working directory) adds to it: 5 s in all.</summary>
    private const int Attempts = 250;

    /// <summary>The directories of tasks, without rests.</summary>
    public static IEnumerable<string> All(string tasksDirectory) => Directory.EnumerateDirectories(tasksDirectory).Where(d => !IsRest(d));

    /// <summary>Removes it and all in it. One that is not there is no error.</summary>
    /// <exception cref="IOException">Something still adds to it after 5 s, or it cannot be removed.</exception>
    public static async Task RemoveAsync(string directory, CancellationToken cancellation)
    {
        var rest = Path.Combine(
            Path.GetDirectoryName(directory)!,
            $"{RestPrefix}{Path.GetFileName(directory)}-{Guid.NewGuid().ToString("N")[..8]}"
        );
        try
        {
            Directory.Move(directory, rest);
        }
        catch (DirectoryNotFoundException)
        {
            return;
        }
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Delete(rest, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException) when (!Directory.Exists(rest))
            {
                return;
            }
            catch (IOException) when (attempt < Attempts)
            {
                await Task.Delay(_pause, cancellation);
            }
        }
    }

    /// <summary>Removes what a swarmd that died meanwhile has left half removed. What cannot be removed stays for the next time.</summary>
    public static void RemoveRests(string tasksDirectory)
    {
        foreach (var rest in Directory.EnumerateDirectories(tasksDirectory).Where(IsRest).ToList())
        {
            try
            {
                Directory.Delete(rest, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It does no harm: no task is looked for there.
            }
        }
    }

    private static bool IsRest(string directory) => Path.GetFileName(directory).StartsWith(RestPrefix, StringComparison.Ordinal);
}
