using System.Globalization;
using Swarm.Host.Processes;

namespace Swarm.Agent.Executors.Process.Cgroups;

/// <summary>The control groups of a task: its home, which holds every process, and groups of other hierarchies that enforce
/// limits.</summary>
/// <param name="home">Null where none could be made.</param>
/// <param name="limiting">Other groups than the home.</param>
internal sealed class TaskGroup(string? home, IReadOnlyList<string> limiting)
{
    /// <summary>The group of health checks, below the home: a check's processes end with it, and the task's stay.</summary>
    private const string ChecksFolder = "checks";

    /// <summary>The file that lists a group's processes, and that a pid is written to.</summary>
    public const string ProcessList = "cgroup.procs";

    private const string Freezer = "freezer.state";

    /// <summary>Looks at a freezer that is not done yet; a millisecond each.</summary>
    private const int FreezerLooks = 50;

    public string? Home => home;

    public IReadOnlyList<string> Limiting => limiting;

    /// <summary>The home exists, so its list of processes is the whole task.</summary>
    public bool HoldsAll => home is not null && Directory.Exists(home);

    private string? Checks => home is null ? null : Path.Combine(home, ChecksFolder);

    private IEnumerable<string> All => home is null ? limiting : limiting.Prepend(home);

    /// <summary>Lists that the program writes its pid to.</summary>
    public IReadOnlyList<string> ProgramJoins => [.. All.Select(static d => Path.Combine(d, ProcessList))];

    /// <summary>Lists that a health check writes its pid to.</summary>
    public IReadOnlyList<string> CheckJoins =>
        [.. (Checks is { } checks ? limiting.Prepend(checks) : limiting).Select(static d => Path.Combine(d, ProcessList))];

    /// <summary>Kills the home at once when 1 is written to it; null where the kernel has no such file (before Linux 5.14).</summary>
    public string? KillFile => FileOfHome("cgroup.kill");

    /// <summary>Stops and continues the home, in version 1; null elsewhere.</summary>
    public string? FreezerFile => FileOfHome(Freezer);

    /// <summary>Makes the group of health checks.</summary>
    /// <exception cref="IOException">The kernel has no room for another group.</exception>
    public void MakeChecks()
    {
        if (HoldsAll)
        {
            Directory.CreateDirectory(Checks!);
        }
    }

    /// <summary>Sends SIGKILL to every process. Call it until the answer is 0: ending takes a moment.</summary>
    /// <returns>The number of processes that were there.</returns>
    public async Task<int> KillAsync()
    {
        var count = 0;
        foreach (var directory in HoldsAll ? [home!] : All)
        {
            count += await KillAsync(directory);
        }
        return count;
    }

    /// <summary>As <see cref="KillAsync()"/>, for the processes of health checks.</summary>
    public Task<int> KillChecksAsync() => Checks is { } checks ? KillAsync(checks) : Task.FromResult(0);

    /// <summary>Removes the groups. A group that is still busy stays: its last process is being reaped. An empty group costs next to
    /// nothing.</summary>
    public void Remove()
    {
        foreach (var directory in All)
        {
            RemoveTree(directory);
        }
    }

    /// <summary>True when the kernel has killed a process of the task because it ran out of memory.</summary>
    public bool WasOutOfMemory() =>
        All.SelectMany(static d => (string[])[Path.Combine(d, "memory.oom_control"), Path.Combine(d, "memory.events")])
            .SelectMany(Lines)
            .Any(static l => l.StartsWith("oom_kill ", StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal));

    private string? FileOfHome(string name) => home is not null && File.Exists(Path.Combine(home, name)) ? Path.Combine(home, name) : null;

    private static async Task<int> KillAsync(string directory)
    {
        var before = Processes(directory);
        if (before.Count == 0)
        {
            return 0;
        }
        if (TryWrite(Path.Combine(directory, "cgroup.kill"), "1"))
        {
            return before.Count;
        }
        // Frozen processes start no others. In version 2 they end in that state, in version 1 once they are thawed.
        var freezer = Path.Combine(directory, Freezer);
        var isFrozen = TryWrite(Path.Combine(directory, "cgroup.freeze"), "1");
        if (!isFrozen && TryWrite(freezer, "FROZEN"))
        {
            for (var look = 0; look < FreezerLooks && !Lines(freezer).Contains("FROZEN"); look++)
            {
                await Task.Delay(1);
            }
        }
        try
        {
            var listed = Processes(directory).Select(ProcessIdentity.Of).OfType<ProcessIdentity>().ToList();
            // A pid that is still in the list after its identity was read is the group's own: another process cannot have it.
            var still = Processes(directory).ToHashSet();
            foreach (var process in listed.Where(p => still.Contains(p.Pid)))
            {
                ProcessSignal.Send(process, ProcessSignal.Kill);
            }
            return Math.Max(1, listed.Count);
        }
        finally
        {
            TryWrite(freezer, "THAWED");
            TryWrite(Path.Combine(directory, "cgroup.freeze"), "0");
        }
    }

    /// <summary>The pids in a group and in the groups below it.</summary>
    private static List<int> Processes(string directory) =>
        [
            .. Tree(directory)
                .SelectMany(static d => Lines(Path.Combine(d, ProcessList)))
                .Select(static line => int.Parse(line, CultureInfo.InvariantCulture))
                // 0 is a process that this pid namespace does not see.
                .Where(static pid => pid > 0)
                .Distinct(),
        ];

    /// <summary>The folder and those below it, the deepest last.</summary>
    private static List<string> Tree(string directory)
    {
        try
        {
            return [directory, .. Directory.GetDirectories(directory).SelectMany(Tree)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The group was removed.
            return [];
        }
    }

    private static void RemoveTree(string directory)
    {
        foreach (var one in Tree(directory).AsEnumerable().Reverse())
        {
            try
            {
                Directory.Delete(one);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return;
            }
        }
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no such file, or the group was removed.
            return [];
        }
    }

    private static bool TryWrite(string path, string value)
    {
        try
        {
            if (!File.Exists(path))
            {
                return false;
            }
            File.WriteAllText(path, value);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
