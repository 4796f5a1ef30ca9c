using System.Globalization;
using Swarm.Host.Processes;

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

    public static IReadOnlyList<ProcessIdentity> Of(Sandbox sandbox)
    {
        var all = ProcStat.All();
        if (all.Count == 0)
        {
            return [];
        }
        var tasks = sandbox.Nodes.SelectMany(TaskDirectories).ToList();
        var sessions = Sessions(sandbox, tasks);
        var groups = tasks.Select(t => "/swarm/" + Path.GetFileName(t)).ToHashSet(StringComparer.Ordinal);
        var daemons = sandbox.Nodes.Where(n => n.CommandLine.Length > 0).Select(n => CommandLine(n.CommandLine)).ToHashSet();
        // A process is still the one that was seen when it lives on after the looks at its files and at the sessions' first processes.
        return
        [
            .. all.Where(p =>
                    p.Pid != Environment.ProcessId
                    && (
                        sessions.Contains(p.Session)
                        || daemons.Contains(Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{p.Pid}/cmdline")))
                        || (
                            groups.Count > 0
                            && IsInGroup(Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{p.Pid}/cgroup")), groups)
                        )
                    )
                )
                .Select(ProcessIdentity.Of)
                .Where(static p => p.IsAlive),
        ];
    }

    /// <summary>Sessions whose recorded first process still runs. Without it the number may belong to another process by now.</summary>
    private static HashSet<int> Sessions(Sandbox sandbox, List<string> tasks) =>
        tasks
            .SelectMany(static _ => Identities, static (t, name) => ProcessIdentity.Read(Path.Combine(t, name)))
            // The session of a daemon that was started with setsid holds its health checks.
            .Concat(sandbox.Nodes.Select(DaemonProcess.IdentityOf))
            .OfType<ProcessIdentity>()
            .Where(static p => p.IsAlive && ProcStat.Of(p.Pid) is { } now && now.Session == p.Pid)
            .Select(static p => p.Pid)
            .ToHashSet();

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

    // Lines of hierarchy:controllers:path. The group of a task's health checks lies below that of the task.
    private static bool IsInGroup(string cgroup, HashSet<string> groups) =>
        cgroup
            .Split('\n')
            .Any(line =>
                groups.Any(g => line.EndsWith(g, StringComparison.Ordinal) || line.EndsWith(g + "/checks", StringComparison.Ordinal))
            );

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
