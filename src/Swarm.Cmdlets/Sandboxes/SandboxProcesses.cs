using System.Globalization;

namespace Swarm.Cmdlets.Sandboxes;

/// <summary>Finds the processes of a sandbox that still run (Linux). The sandbox's own records identify them: the files of a task's supervisor,
/// a task's control group, and a daemon's session or exact command line. A path on a command line proves nothing: the user's own
/// <c>tail -f</c> has it too.</summary>
internal static class SandboxProcesses
{
    // Beside the executor's task directories: MembershipStore.ProcessDirectory of swarmd.
    private const string TasksDirectory = "processes";

    // Each file holds the boot id, a space, and the process's line of /proc/PID/stat: TaskScripts of swarmd.
    private static readonly string[] Identities = ["started", "supervisor"];

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

    /// <summary>Sessions whose recorded first process still runs. Without it the number may belong to another process by now.</summary>
    private static HashSet<int> Sessions(Sandbox sandbox, List<string> tasks)
    {
        var boot = Read("/proc/sys/kernel/random/boot_id").TrimEnd();
        HashSet<int> sessions = [];
        foreach (var noted in tasks.SelectMany(t => Identities, (t, name) => Read(Path.Combine(t, name))))
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
        // The session of a daemon that was started with setsid holds its health checks.
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
            // The process ended meanwhile, or this user may not read it.
            return "";
        }
    }
}
