namespace Swarm.Agent.Executors.Process.Cgroups;

/// <summary>A mounted hierarchy of control groups. Source: the kernel's admin-guide/cgroup-v1 and cgroup-v2.</summary>
/// <param name="Mount">The folder where it is mounted.</param>
/// <param name="IsUnified">Version 2: there is a single one, which may have every controller.</param>
/// <param name="Controllers">Version 1: its controllers, or its name (<c>name=systemd</c>).</param>
/// <param name="OwnPath">The group of swarmd in it, from its root: <c>/</c>, or <c>/system.slice/swarmd.service</c>.</param>
internal sealed record Hierarchy(string Mount, bool IsUnified, IReadOnlyList<string> Controllers, string OwnPath)
{
    /// <summary>The folder of our groups below a group.</summary>
    private const string Folder = "swarm";

    /// <summary>Folders for our groups, best first: below the root, and below swarmd's own group. The latter is for a swarmd to which
    /// only that part of the tree was delegated.</summary>
    public IEnumerable<string> Bases
    {
        get
        {
            yield return Path.Combine(Mount, Folder);
            // A group outside of the visible part of the tree is shown as /.. (cgroup_namespaces(7)).
            if (OwnPath.Length > 1 && !OwnPath.StartsWith("/..", StringComparison.Ordinal))
            {
                yield return Path.Combine(Mount, OwnPath.TrimStart('/'), Folder);
            }
        }
    }

    /// <summary>How well it holds the whole of a task; 0 is best. The unified one kills a group at once, and the freezer stops it
    /// first. Memory comes last: before Linux 5.11 its groups did not include the groups below them. -1: not at all.</summary>
    public int Rank =>
        IsUnified ? 0
        : Controllers.Contains("freezer") ? 1
        // A new group of this controller takes no process before it has processors and memory nodes.
        : Controllers.Contains("cpuset") ? -1
        : Controllers.Contains("memory") ? 3
        : 2;

    /// <summary>Reads the mounted hierarchies.</summary>
    /// <param name="mountTable">A file in the form of <c>/proc/mounts</c>; without it there are none.</param>
    /// <param name="ownGroups">A file in the form of <c>/proc/self/cgroup</c>.</param>
    public static List<Hierarchy> Read(string mountTable, string ownGroups)
    {
        var own = Lines(ownGroups).Select(static l => l.Split(':', 3)).Where(static f => f.Length == 3).ToList();
        var found = new List<Hierarchy>();
        foreach (var fields in Lines(mountTable).Select(static l => l.Split(' ')).Where(static f => f.Length >= 4))
        {
            var isUnified = fields[2] == "cgroup2";
            if (!isUnified && fields[2] != "cgroup")
            {
                continue;
            }
            var options = fields[3].Split(',');
            var mine = own.Find(f => isUnified ? f[1].Length == 0 : f[1].Length > 0 && f[1].Split(',').All(options.Contains));
            found.Add(
                new Hierarchy(
                    fields[1],
                    isUnified,
                    isUnified
                        ? []
                        :
                        [
                            .. options.Where(static o =>
                                o is not ("rw" or "ro" or "relatime" or "noatime" or "nodev" or "noexec" or "nosuid")
                            ),
                        ],
                    mine?[2] ?? "/"
                )
            );
        }
        return found;
    }

    private static IEnumerable<string> Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
