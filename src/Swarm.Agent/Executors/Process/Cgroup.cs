using System.Globalization;
using Swarm.Core.Model;

namespace Swarm.Agent.Executors.Process;

/// <summary>The control groups that enforce a task's limits: version 1 (a hierarchy for each controller) or 2 (a single one), whichever is
/// mounted.</summary>
/// <remarks>Groups are made at <c>swarm/&lt;task id&gt;</c> of the hierarchy. Source: the kernel's admin-guide/cgroup-v1 and cgroup-v2.</remarks>
internal sealed class Cgroup
{
    private const long PeriodMicroseconds = 100_000;
    private readonly Dictionary<string, string> _controllers = new(StringComparer.Ordinal);
    private string? _unified;

    /// <summary>Reads which hierarchies are mounted.</summary>
    /// <param name="mountTable">A file in the form of <c>/proc/mounts</c>; without it there are no control groups.</param>
    public static Cgroup Detect(string mountTable)
    {
        var cgroup = new Cgroup();
        foreach (var line in File.Exists(mountTable) ? File.ReadLines(mountTable) : [])
        {
            var fields = line.Split(' ');
            if (fields.Length < 4)
            {
                continue;
            }
            if (fields[2] == "cgroup")
            {
                foreach (var option in fields[3].Split(','))
                {
                    if (option is "cpu" or "memory" or "pids")
                    {
                        cgroup._controllers[option] = fields[1];
                    }
                }
            }
            else if (fields[2] == "cgroup2")
            {
                cgroup._unified = fields[1];
            }
        }
        return cgroup;
    }

    /// <summary>Creates the groups and sets the limits. When a limit cannot be set, no group stays.</summary>
    /// <returns>The <c>cgroup.procs</c> files that the program writes its pid to.</returns>
    /// <exception cref="TaskRejectedException">LimitNotEnforceable.</exception>
    public IReadOnlyList<string> Create(string taskId, ResourceAmount limits, long pids)
    {
        var joined = new List<string>();
        try
        {
            if (limits.NanoCpus > 0)
            {
                var quota = Math.Max(1000, limits.NanoCpus * PeriodMicroseconds / 1_000_000_000);
                Limit(
                    joined,
                    "cpu",
                    taskId,
                    [("cpu.cfs_period_us", PeriodMicroseconds), ("cpu.cfs_quota_us", quota)],
                    ("cpu.max", $"{quota} {PeriodMicroseconds}")
                );
            }
            if (limits.MemoryBytes > 0)
            {
                Limit(joined, "memory", taskId, [("memory.limit_in_bytes", limits.MemoryBytes)], ("memory.max", Text(limits.MemoryBytes)));
                LimitSwap(taskId, limits.MemoryBytes);
            }
            if (pids > 0)
            {
                Limit(joined, "pids", taskId, [("pids.max", pids)], ("pids.max", Text(pids)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(taskId);
            throw new TaskRejectedException(
                "LimitNotEnforceable",
                $"This node cannot enforce limits on processes: {e.Message} Run swarmd where it may write to /sys/fs/cgroup, or leave the limits out.",
                e
            );
        }
        return joined;
    }

    public void Remove(string taskId)
    {
        foreach (var directory in Directories(taskId))
        {
            try
            {
                if (Directory.Exists(directory))
                {
                    Directory.Delete(directory);
                }
            }
            catch (IOException)
            {
                // The group is still busy: its last process is being reaped. An empty group costs next to nothing.
            }
        }
    }

    public IEnumerable<int> Processes(string taskId) =>
        Directories(taskId)
            .Select(d => Path.Combine(d, "cgroup.procs"))
            .Where(File.Exists)
            .SelectMany(File.ReadAllLines)
            .Select(line => int.Parse(line, CultureInfo.InvariantCulture))
            .Distinct()
            .ToList();

    /// <summary>True when the kernel has killed a process of the task because it ran out of memory.</summary>
    public bool WasOutOfMemory(string taskId)
    {
        foreach (var directory in Directories(taskId))
        {
            foreach (var name in (ReadOnlySpan<string>)["memory.oom_control", "memory.events"])
            {
                var path = Path.Combine(directory, name);
                if (
                    File.Exists(path)
                    && File.ReadLines(path)
                        .Any(l => l.StartsWith("oom_kill ", StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal))
                )
                {
                    return true;
                }
            }
        }
        return false;
    }

    private IEnumerable<string> Directories(string taskId) =>
        _controllers.Values.Append(_unified).OfType<string>().Distinct().Select(root => Path.Combine(root, "swarm", taskId));

    private void Limit(
        List<string> joined,
        string controller,
        string taskId,
        (string File, long Value)[] v1,
        (string File, string Value) v2
    )
    {
        string directory;
        if (_controllers.TryGetValue(controller, out var root))
        {
            directory = Directory.CreateDirectory(Path.Combine(root, "swarm", taskId)).FullName;
            foreach (var (file, value) in v1)
            {
                File.WriteAllText(Path.Combine(directory, file), Text(value));
            }
        }
        else if (_unified is not null)
        {
            var parent = Directory.CreateDirectory(Path.Combine(_unified, "swarm")).FullName;
            File.WriteAllText(Path.Combine(_unified, "cgroup.subtree_control"), "+" + controller);
            File.WriteAllText(Path.Combine(parent, "cgroup.subtree_control"), "+" + controller);
            directory = Directory.CreateDirectory(Path.Combine(parent, taskId)).FullName;
            File.WriteAllText(Path.Combine(directory, v2.File), v2.Value);
        }
        else
        {
            throw new IOException($"No control group hierarchy with the {controller} controller is mounted.");
        }
        var procs = Path.Combine(directory, "cgroup.procs");
        if (!joined.Contains(procs))
        {
            joined.Add(procs);
        }
    }

    /// <summary>Without this a task at its limit would swap instead. Kernels without swap accounting have no such file.</summary>
    private void LimitSwap(string taskId, long bytes)
    {
        foreach (var directory in Directories(taskId))
        {
            foreach (var (name, value) in ((string, string)[])[("memory.memsw.limit_in_bytes", Text(bytes)), ("memory.swap.max", "0")])
            {
                var path = Path.Combine(directory, name);
                if (File.Exists(path))
                {
                    File.WriteAllText(path, value);
                }
            }
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
