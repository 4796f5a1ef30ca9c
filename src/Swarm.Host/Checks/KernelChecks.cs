using System.Globalization;
using System.Text.RegularExpressions;
using Swarm.Host.Systems;

namespace Swarm.Host.Checks;

/// <summary>Checks that a Linux kernel has the features of an engine and its overlay networks.</summary>
internal static partial class KernelChecks
{
    /// <summary>The oldest kernel that Docker's documentation has named.</summary>
    private static readonly Version Oldest = new(3, 10);

    private static readonly string[] Namespaces = ["mnt", "net", "pid", "ipc", "uts"];
    private static readonly string[] RequiredControllers = ["cpu", "memory", "pids"];

    /// <summary>A kernel module, its configuration symbol, and its use.</summary>
    private static readonly (string Module, string Symbol, string For)[] Features =
    [
        ("overlay", "ovl_", "the image layers of the engine"),
        ("bridge", "br_", "networks of containers"),
        ("veth", "veth_", "networks of containers"),
        ("vxlan", "vxlan_", "overlay networks"),
    ];

    [GeneratedRegex(@"^(\d+)\.(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern { get; }

    public static IEnumerable<HostCheck> Run(IHostSystem system)
    {
        var release = (system.Read("/proc/sys/kernel/osrelease") ?? "").Trim();
        yield return Version(release);
        var missing = Namespaces.Where(n => !system.Exists($"/proc/self/ns/{n}")).ToList();
        yield return missing.Count == 0
            ? HostCheck.Pass("KernelNamespaces", string.Join(", ", Namespaces))
            : HostCheck.Fail("KernelNamespaces", $"missing: {string.Join(", ", missing)}", "Use a kernel built with these namespaces.");
        yield return Controllers(system);
        var symbols = new Lazy<string>(() => system.Read("/proc/kallsyms") ?? "");
        foreach (var (module, symbol, purpose) in Features)
        {
            var name = $"Kernel{char.ToUpperInvariant(module[0])}{module[1..]}";
            yield return Has(system, release, module, symbol, symbols)
                ? HostCheck.Pass(name, $"there is {module}")
                : HostCheck.Fail(
                    name,
                    $"there is no {module}, which is for {purpose}",
                    $"Load it with 'modprobe {module}', or use a kernel that has it."
                );
        }
    }

    private static HostCheck Version(string release)
    {
        var match = VersionPattern.Match(release);
        if (!match.Success)
        {
            return HostCheck.Warn("KernelVersion", "not known", "Look at 'uname -r'.");
        }
        var version = new Version(
            int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)
        );
        return version >= Oldest
            ? HostCheck.Pass("KernelVersion", release)
            : HostCheck.Fail("KernelVersion", $"{release} is older than {Oldest}", "Update the system.");
    }

    private static HostCheck Controllers(IHostSystem system)
    {
        var unified = system.Read("/sys/fs/cgroup/cgroup.controllers");
        var there = unified is not null
            ? unified.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : (system.Read("/proc/cgroups") ?? "")
                .Split('\n')
                .Select(static l => l.Split('\t'))
                .Where(static w => w.Length == 4 && w[3] == "1" && w[1] != "0")
                .Select(static w => w[0])
                .ToArray();
        var missing = RequiredControllers.Except(there).ToList();
        return missing.Count == 0
            ? HostCheck.Pass(
                "KernelCgroups",
                $"{string.Join(", ", RequiredControllers)}{(unified is null ? " (version 1)" : " (version 2)")}"
            )
            : HostCheck.Warn(
                "KernelCgroups",
                $"not mounted or missing: {string.Join(", ", missing)}",
                "Mount the cgroup controllers (systemd does, or the package cgroupfs-mount): limits of CPU and memory need them."
            );
    }

    private static bool Has(IHostSystem system, string release, string module, string symbol, Lazy<string> symbols) =>
        system.Exists($"/sys/module/{module}")
        || (module == "overlay" && (system.Read("/proc/filesystems") ?? "").Contains("\toverlay\n", StringComparison.Ordinal))
        || new[] { "modules.builtin", "modules.dep" }.Any(list =>
            (system.Read($"/lib/modules/{release}/{list}") ?? "").Contains($"/{module}.ko", StringComparison.Ordinal)
        )
        || symbols.Value.Contains($" {symbol}", StringComparison.Ordinal);
}
