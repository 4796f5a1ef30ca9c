using System.Globalization;
using Swarm.Core.Model;

namespace Swarm.Agent.Executors.Process.Cgroups;

/// <summary>The control groups of a node's tasks: version 1 (a hierarchy for each controller) or 2 (a single one), whichever is
/// mounted.</summary>
/// <remarks>Every task has a home: a group of one hierarchy that holds all of its processes. Limits are set in the hierarchies that have
/// their controllers. Groups are made at <c>swarm/&lt;task id&gt;</c>.</remarks>
internal sealed class ControlGroups
{
    private const long PeriodMicroseconds = 100_000;
    private readonly List<Hierarchy> _hierarchies;
    private readonly Lazy<(string? Base, string Reason)> _home;

    private ControlGroups(List<Hierarchy> hierarchies)
    {
        _hierarchies = hierarchies;
        _home = new Lazy<(string?, string)>(FindHome);
    }

    /// <summary>Why tasks get no home on this node; null when they do.</summary>
    public string? Missing => _home.Value.Base is null ? _home.Value.Reason : null;

    /// <inheritdoc cref="Hierarchy.Read"/>
    public static ControlGroups Detect(string mountTable, string ownGroups = "/proc/self/cgroup") =>
        new(Hierarchy.Read(mountTable, ownGroups));

    /// <summary>Creates the task's groups and sets the limits. When a limit cannot be set, no group stays.</summary>
    /// <exception cref="TaskRejectedException">LimitNotEnforceable.</exception>
    public TaskGroup Create(string taskId, ResourceAmount limits, long pids)
    {
        var limiting = new List<string>();
        var home = MakeHome(taskId);
        try
        {
            if (limits.NanoCpus > 0)
            {
                var quota = Math.Max(1000, limits.NanoCpus * PeriodMicroseconds / 1_000_000_000);
                limiting.Add(
                    Limit(
                        "cpu",
                        taskId,
                        [("cpu.cfs_period_us", Text(PeriodMicroseconds)), ("cpu.cfs_quota_us", Text(quota))],
                        ("cpu.max", $"{quota} {PeriodMicroseconds}")
                    )
                );
            }
            if (limits.MemoryBytes > 0)
            {
                var text = Text(limits.MemoryBytes);
                var directory = Limit("memory", taskId, [("memory.limit_in_bytes", text)], ("memory.max", text));
                limiting.Add(directory);
                LimitSwap(directory, text);
            }
            if (pids > 0)
            {
                limiting.Add(Limit("pids", taskId, [("pids.max", Text(pids))], ("pids.max", Text(pids))));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            new TaskGroup(home, limiting).Remove();
            throw new TaskRejectedException(
                "LimitNotEnforceable",
                $"This node cannot enforce limits on processes: {e.Message} Run swarmd where it may write to /sys/fs/cgroup, or leave the limits out.",
                e
            );
        }
        return new TaskGroup(home, [.. limiting.Where(d => d != home).Distinct()]);
    }

    /// <summary>The groups of a task whose record has none: an earlier swarmd made them, for limits only.</summary>
    public TaskGroup OfEarlier(string taskId) =>
        new(
            null,
            [
                .. _hierarchies
                    .Where(static h => h.IsUnified || h.Controllers.Any(static c => c is "cpu" or "memory" or "pids"))
                    .Select(h => Path.Combine(h.Bases.First(), taskId))
                    .Where(Directory.Exists),
            ]
        );

    private string? MakeHome(string taskId)
    {
        if (_home.Value.Base is not { } folder)
        {
            return null;
        }
        try
        {
            return Directory.CreateDirectory(Path.Combine(folder, taskId)).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The kernel has no room for another group: the task's processes are found by their parents instead.
            return null;
        }
    }

    /// <summary>Makes a group and has a process enter it, in one hierarchy after the other: only that shows that it can be done.</summary>
    private (string? Base, string Reason) FindHome()
    {
        string? reason = null;
        foreach (var folder in _hierarchies.Where(static h => h.Rank >= 0).OrderBy(static h => h.Rank).SelectMany(static h => h.Bases))
        {
            var trial = Path.Combine(folder, "trial-" + Guid.NewGuid().ToString("N"));
            try
            {
                Directory.CreateDirectory(trial);
                if (MayEnter(trial))
                {
                    return (folder, "");
                }
                reason ??= $"No process may enter a group in {folder}.";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reason ??= e.Message;
            }
            finally
            {
                new TaskGroup(trial, []).Remove();
            }
        }
        return (null, reason ?? "No control group hierarchy is mounted.");
    }

    private static bool MayEnter(string group)
    {
        var start = new System.Diagnostics.ProcessStartInfo(
            "/bin/sh",
            ["-c", "echo $$ >\"$1\"", "sh", Path.Combine(group, TaskGroup.ProcessList)]
        )
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        try
        {
            using var trial = System.Diagnostics.Process.Start(start)!;
            trial.StandardError.ReadToEnd();
            trial.WaitForExit();
            return trial.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no shell, so there are no tasks either.
            return false;
        }
    }

    /// <returns>The group.</returns>
    private string Limit(string controller, string taskId, (string File, string Value)[] version1, (string File, string Value) version2)
    {
        var hierarchy =
            _hierarchies.Find(h => h.Controllers.Contains(controller))
            ?? _hierarchies.Find(static h => h.IsUnified)
            ?? throw new IOException($"No control group hierarchy with the {controller} controller is mounted.");
        Exception? first = null;
        foreach (var folder in hierarchy.Bases)
        {
            try
            {
                Directory.CreateDirectory(folder);
                if (hierarchy.IsUnified)
                {
                    foreach (var above in (string[])[Path.GetDirectoryName(folder)!, folder])
                    {
                        File.WriteAllText(Path.Combine(above, "cgroup.subtree_control"), "+" + controller);
                    }
                }
                var directory = Directory.CreateDirectory(Path.Combine(folder, taskId)).FullName;
                foreach (var (file, value) in hierarchy.IsUnified ? [version2] : version1)
                {
                    File.WriteAllText(Path.Combine(directory, file), value);
                }
                return directory;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                first ??= e;
            }
        }
        throw new IOException(first!.Message, first);
    }

    /// <summary>Without this a task at its limit would swap instead. Kernels without swap accounting have no such file.</summary>
    private static void LimitSwap(string directory, string bytes)
    {
        foreach (var (name, value) in ((string, string)[])[("memory.memsw.limit_in_bytes", bytes), ("memory.swap.max", "0")])
        {
            var path = Path.Combine(directory, name);
            if (File.Exists(path))
            {
                File.WriteAllText(path, value);
            }
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
