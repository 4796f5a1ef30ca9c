using System.Text.RegularExpressions;
using Swarm.Host.Firewall;
using Swarm.Host.Systems;

namespace Swarm.Host.Checks;

/// <summary>Checks everything that a node needs of its host. Changes nothing.</summary>
public sealed partial class HostInspection(IHostSystem system, TimeProvider time)
{
    private const long Gigabyte = 1L << 30;

    /// <summary>The first engine with swarm mode.</summary>
    private static readonly Version OldestEngine = new(1, 12);

    [GeneratedRegex(@"^(\d+)\.(\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern { get; }

    public async Task<IReadOnlyList<HostCheck>> RunAsync(HostCheckRequest request, CancellationToken cancellation)
    {
        var address = AddressCheck.Find(system, request.Address, request.Peers.Count > 0 ? request.Peers[0].Host : null);
        List<HostCheck> checks = [OperatingSystem(), await RightsAsync(cancellation), await EngineAsync(cancellation)];
        if (!system.IsWindows)
        {
            checks.AddRange(KernelChecks.Run(system));
        }
        checks.Add(await AddressCheck.RunAsync(system, request, address, cancellation));
        checks.Add(await DiskAsync(cancellation));
        checks.Add(await FirewallAsync(request, cancellation));
        if (!request.InSwarm)
        {
            checks.Add(PortChecks.Free(system, request.IsManager));
        }
        if (request.Peers.FirstOrDefault(static p => p.IsManager) is { } manager)
        {
            checks.Add(await ClockCheck.RunAsync(manager, time, cancellation));
        }
        checks.AddRange(await PortChecks.OutboundAsync(request.Peers, cancellation));
        return checks;
    }

    private HostCheck OperatingSystem()
    {
        const string Name = "OperatingSystem";
        if (system.IsWindows)
        {
            return HostCheck.Pass(Name, System.Runtime.InteropServices.RuntimeInformation.OSDescription);
        }
        var release = OsRelease.Read(system);
        return system.Exists("/proc/sys/kernel/osrelease")
            ? HostCheck.Pass(Name, release.PrettyName)
            : HostCheck.Fail(Name, "neither Linux nor Windows", "Nodes run on Linux or Windows.");
    }

    private async Task<HostCheck> RightsAsync(CancellationToken cancellation)
    {
        const string Name = "Rights";
        if (system.IsAdministrator)
        {
            return HostCheck.Pass(Name, system.IsWindows ? "administrator" : "root");
        }
        if (system.IsWindows)
        {
            return HostCheck.Fail(Name, "not an administrator", "Start PowerShell as administrator.");
        }
        var groups = (await system.RunAsync(new ToolCommand("id", "-Gn"), cancellation)).Output.Split(
            [' ', '\n'],
            StringSplitOptions.RemoveEmptyEntries
        );
        var missing = new[] { "docker", "swarm" }.Except(groups).ToList();
        return missing.Count == 0
            ? HostCheck.Pass(Name, "not root, but in the groups docker and swarm")
            : HostCheck.Warn(
                Name,
                $"not root, and not in the group{(missing.Count > 1 ? "s" : "")} {string.Join(" and ", missing)}",
                $"Run it as root, or have root run 'usermod -aG {string.Join(',', missing)} USER' and log in again."
            );
    }

    private async Task<HostCheck> EngineAsync(CancellationToken cancellation)
    {
        const string Name = "Engine";
        if (system.Find(system.IsWindows ? "docker.exe" : "docker") is null)
        {
            return system.Find("podman") is null
                ? HostCheck.Fail(Name, "no container engine is installed", "Install-SwarmEngine installs it.")
                : await PodmanCheck.WithoutDockerAsync(system, Name, cancellation);
        }
        var result = await system.RunAsync(
            new ToolCommand("docker", "version", "--format", "{{.Server.Version}}") { Timeout = TimeSpan.FromSeconds(15) },
            cancellation
        );
        if (!result.Succeeded)
        {
            return result.Error.Contains("permission denied", StringComparison.OrdinalIgnoreCase)
                ? HostCheck.Fail(Name, result.Reason, "Add the user to the group docker and log in again.")
                : HostCheck.Fail(Name, $"the engine does not answer: {result.Reason}", "Start it with 'systemctl enable --now docker'.");
        }
        var version = result.Output.Trim();
        if (await PodmanCheck.IsServerAsync(system, cancellation))
        {
            return PodmanCheck.Of(system, Name, version);
        }
        var match = VersionPattern.Match(version);
        return match.Success && Version.Parse(match.Value) < OldestEngine
            ? HostCheck.Fail(Name, $"{version} is older than {OldestEngine}", "Install-SwarmEngine installs a newer one.")
            : HostCheck.Pass(Name, version);
    }

    private async Task<HostCheck> DiskAsync(CancellationToken cancellation)
    {
        const string Name = "Disk";
        var path = await DataRootAsync(cancellation);
        try
        {
            var space = system.Space(path);
            var text = $"{space.Free / Gigabyte} of {space.Total / Gigabyte} GiB are free at {path}";
            const string Remedy = "Images and volumes are kept there: free some space, or give the engine another data-root.";
            return space.Free < Gigabyte ? HostCheck.Fail(Name, text, Remedy)
                : space.Free < 5 * Gigabyte ? HostCheck.Warn(Name, text, Remedy)
                : HostCheck.Pass(Name, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return HostCheck.Warn(Name, $"the free space at {path} cannot be told: {e.Message}", "Look at 'df -h'.");
        }
    }

    /// <summary>The engine's data folder as the engine reports it, else its default, else the nearest existing folder above.</summary>
    private async Task<string> DataRootAsync(CancellationToken cancellation)
    {
        if (system.Find(system.IsWindows ? "docker.exe" : "docker") is not null)
        {
            var told = await system.RunAsync(
                new ToolCommand("docker", "info", "--format", "{{.DockerRootDir}}") { Timeout = TimeSpan.FromSeconds(15) },
                cancellation
            );
            if (told.Succeeded && told.Output.Trim() is { Length: > 0 } root && system.Exists(root))
            {
                return root;
            }
        }
        return system.IsWindows
            ? Environment.SystemDirectory
            : new[] { "/var/lib/docker", "/var/lib" }.FirstOrDefault(system.Exists) ?? "/";
    }

    private async Task<HostCheck> FirewallAsync(HostCheckRequest request, CancellationToken cancellation)
    {
        const string Name = "Firewall";
        try
        {
            var rules = SwarmPorts.Rules(
                request.IsManager,
                [],
                [
                    .. request
                        .Peers.Select(static p => AddressRange.TryParse(p.Host, out var range) ? range : (AddressRange?)null)
                        .OfType<AddressRange>(),
                ]
            );
            var report = await new HostFirewall(system).GetAsync(new FirewallRequest { Rules = rules }, cancellation);
            var closed = report.Rules.Where(static r => r.State != FirewallRuleState.Open).ToList();
            var tool = HostFirewall.NameOf(report.Provider);
            return closed.Count == 0
                ? HostCheck.Pass(
                    Name,
                    report.Provider == FirewallProviderKind.None ? "none filters" : $"{tool} lets the swarm's ports through"
                )
                : HostCheck.Fail(
                    Name,
                    $"{tool} closes {string.Join(", ", closed.Select(static r => r.Rule.Port))}",
                    "Add-SwarmFirewallRule opens them."
                );
        }
        catch (HostException e)
        {
            return HostCheck.Warn(Name, e.Message, e.Action);
        }
    }
}
