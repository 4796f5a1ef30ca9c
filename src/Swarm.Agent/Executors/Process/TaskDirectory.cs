namespace Swarm.Agent.Executors.Process;

/// <summary>Writes files of tasks, and removes tasks' directories while others may still write to them by name. An adopting executor's
/// watch writes <c>exit</c>, a probe writes <c>healthy</c>.</summary>
/// <remarks>First the directory is renamed, in one step. From then on nobody finds it. If swarmd dies half-way, the next one recognises a
/// remainder by its name, instead of finding half a task.</remarks>
internal static class TaskDirectory
{
    /// <summary>No task id has a dot.</summary>
    private const string RestPrefix = ".removed-";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Attempts while a process that ends in the directory (by its working directory) still adds files to it: 5 s in
    /// all.</summary>
    private const int Attempts = 250;

    /// <summary>The directories of tasks, without remainders.</summary>
    public static IEnumerable<string> All(string tasksDirectory) => Directory.EnumerateDirectories(tasksDirectory).Where(d => !IsRest(d));

    /// <summary>Removes the directory with its contents. A missing directory is no error.</summary>
    /// <exception cref="IOException">A process still adds files after 5 s, or the directory cannot be removed.</exception>
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
                await Task.Delay(Pause, cancellation);
            }
        }
    }

    /// <summary>Removes the remainders of a swarmd that died during a removal. A remainder that cannot be removed stays for the next
    /// time.</summary>
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
                // The remainder does no harm: nobody looks for tasks there.
            }
        }
    }

    /// <summary>Writes a file that only its owner reads: environments hold secrets.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void WritePrivately(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (OperatingSystem.IsLinux())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using var file = new StreamWriter(path, options);
        file.Write(text);
    }

    private static bool IsRest(string directory) => Path.GetFileName(directory).StartsWith(RestPrefix, StringComparison.Ordinal);
}
