using System.Globalization;
using Swarm.Host.Processes;

namespace Swarm.Agent.Executors.Process;

/// <summary>Finds a task's processes where no control group lists them. Each of them is proven to be the task's; a pid or the number of a
/// session alone proves nothing.</summary>
internal static class TaskProcesses
{
    /// <summary>The variable that every process of a task inherits, unless the task removes it.</summary>
    public const string DirectoryVariable = "SWARM_TASK_DIR";

    /// <summary>The descendants of the task's supervisor, the session of its program, and the processes that have the task's directory
    /// in their environment. A supervisor or program that has ended proves nothing any more.</summary>
    /// <param name="supervisor">It is not among the result.</param>
    /// <param name="program">The first process of a session.</param>
    /// <param name="directory">The task's directory.</param>
    public static List<ProcessIdentity> Find(ProcessIdentity? supervisor, ProcessIdentity? program, string directory)
    {
        if ((supervisor ?? program) is not { } first || first.BootId != ProcessIdentity.CurrentBootId)
        {
            return [];
        }
        var all = ProcStat.All().FindAll(p => p.StartTime >= first.StartTime && p.Pid != Environment.ProcessId);
        var found = supervisor is null ? [] : Below(supervisor, all);
        // The check comes after the look at all processes: until then, nobody else could have the number of the session.
        if (program is { IsAlive: true })
        {
            found.UnionWith(all.Where(p => p.Session == program.Pid).Select(ProcessIdentity.Of));
        }
        var entry = $"{DirectoryVariable}={directory}";
        found.UnionWith(all.Where(p => HasVariable(p.Pid, entry)).Select(ProcessIdentity.Of).Where(static p => p.IsAlive));
        if (supervisor is not null)
        {
            found.Remove(supervisor);
        }
        return [.. found];
    }

    /// <summary>The processes below the first process of a session, at any depth, and those of its session; without itself.</summary>
    public static List<ProcessIdentity> Around(ProcessIdentity first)
    {
        var all = ProcStat.All();
        var found = Below(first, all);
        if (first.IsAlive)
        {
            found.UnionWith(all.Where(p => p.Session == first.Pid).Select(ProcessIdentity.Of));
        }
        found.Remove(first);
        return [.. found];
    }

    private static HashSet<ProcessIdentity> Below(ProcessIdentity ancestor, List<ProcStat> all)
    {
        var children = all.ToLookup(static p => p.Parent);
        var found = new HashSet<ProcessIdentity>();
        var parents = new Queue<ProcessIdentity>([ancestor]);
        while (parents.TryDequeue(out var parent))
        {
            // A parent that lives on after the look at all processes has had its pid all the time. The children of one that has ended are
            // another's by now, and the next look finds them there.
            if (!parent.IsAlive)
            {
                continue;
            }
            foreach (var child in children[parent.Pid].Select(ProcessIdentity.Of).Where(found.Add))
            {
                parents.Enqueue(child);
            }
        }
        return found;
    }

    private static bool HasVariable(int pid, string entry)
    {
        try
        {
            var environment = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ"));
            return environment.StartsWith(entry + '\0', StringComparison.Ordinal)
                || environment.Contains('\0' + entry + '\0', StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process has ended, or this user may not read it.
            return false;
        }
    }
}
