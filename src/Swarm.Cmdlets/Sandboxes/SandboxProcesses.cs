using System.Globalization;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>What a sandbox has started and what still runs of it (Linux). A process is known by what the sandbox itself noted or made: the files of a
/// task's supervisor, the control group of a task, the session or the exact command line of a daemon. A path on a command line says nothing: the
/// user's own <c>tail -f</c> has it too.</summary>
internal static class SandboxProcesses
{
    // Beside the executor's task directories: MembershipStore.ProcessDirectory of swarmd.
    private const string TasksDirectory = "processes";

    // Each holds the boot id, a space, and the process's line of /proc/PID/stat: TaskScripts of swarmd.
    private static readonly string[] s_identities = ["started", "supervisor"];

    public static IReadOnlyList<(int ProcessId, DateTime StartedAt)> Of(Sandbox sandbox)
    {
        List<(int, DateTime)> found = [];
        if (!Directory.Exists("/proc/self"))
        {
            return found;
        }
        var tasks = sandbox.Nodes.SelectMany(TaskDirectories).ToList();
        var sessions = Sessions(sandbox, tasks);
        var groups = tasks.Select(t => "/swarm/" + Path.GetFileName(t)).ToHashSet(StringComparer.Ordinal);
        var daemons = sandbox.Nodes.Where(n => n.CommandLine.Length > 0).Select(n => CommandLine(n.CommandLine)).ToHashSet();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (
                int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && pid != Environment.ProcessId
                && Stat(Read(Path.Combine(entry, "stat"))) is { } stat
                && (
                    sessions.Contains(stat.Session)
                    || daemons.Contains(Read(Path.Combine(entry, "cmdline")))
                    || (groups.Count > 0 && IsInGroup(Read(Path.Combine(entry, "cgroup")), groups))
                )
                && DaemonProcess.StartOf(pid) is { } startedAt
            )
            {
                found.Add((pid, startedAt));
            }
        }
        return found;
    }

    /// <summary>Sessions whose first process is there and is the one that was noted. Without it the number may be a stranger's by now.</summary>
    private static HashSet<int> Sessions(Sandbox sandbox, List<string> tasks)
    {
        var boot = Read("/proc/sys/kernel/random/boot_id").TrimEnd();
        HashSet<int> sessions = [];
        foreach (var noted in tasks.SelectMany(t => s_identities, (t, name) => Read(Path.Combine(t, name))))
        {
            var space = noted.IndexOf(' ', StringComparison.Ordinal);
            if (
                space > 0
                && noted[..space] == boot
                && Stat(noted[(space + 1)..]) is { } then
                && Stat(Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{then.ProcessId}/stat"))) is { } now
                && (now.StartTime, now.Session) == (then.StartTime, then.ProcessId)
            )
            {
                sessions.Add(then.ProcessId);
            }
        }
        // A daemon that was started with setsid: its health checks are in its session.
        sessions.UnionWith(sandbox.Nodes.Where(n => DaemonProcess.IsAlive(n.ProcessId, n.StartedAt)).Select(n => n.ProcessId));
        return sessions;
    }

    private static IEnumerable<string> TaskDirectories(SandboxNode node)
    {
        var directory = Path.Combine(node.StateDirectory, TasksDirectory);
        try
        {
            return Path.IsPathRooted(directory) && Directory.Exists(directory) ? Directory.GetDirectories(directory) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string CommandLine(IEnumerable<string> arguments) => string.Concat(arguments.Select(a => a + '\0'));

    // Lines of hierarchy:controllers:path.
    private static bool IsInGroup(string cgroup, HashSet<string> groups) =>
        cgroup.Split('\n').Any(line => groups.Any(g => line.EndsWith(g, StringComparison.Ordinal)));

    // The command's name, in parentheses, may hold anything; fields are counted after the last one. Source: proc(5).
    private static (int ProcessId, int Session, ulong StartTime)? Stat(string line)
    {
        var (open, close) = (line.IndexOf('(', StringComparison.Ordinal), line.LastIndexOf(')'));
        if (open <= 0 || close < open)
        {
            return null;
        }
        var fields = line[(close + 1)..].Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return
            fields.Length > 19
            && int.TryParse(line.AsSpan(0, open).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && int.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out var session)
            && ulong.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var started)
            ? (pid, session, started)
            : null;
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or is not ours to look at.
            return "";
        }
    }
}
