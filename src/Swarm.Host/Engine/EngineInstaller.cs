using System.Diagnostics;
using System.Text.RegularExpressions;
using Swarm.Host.Systems;

namespace Swarm.Host.Engine;

/// <summary>Installs a container engine with the system's package manager, and removes it.</summary>
public sealed partial class EngineInstaller(IHostSystem system)
{
    /// <summary>First line of a repository file that this class wrote.</summary>
    internal const string Mark = "# Added by Install-SwarmEngine.";

    private const string StartByHand =
        "The engine is installed. Look at its log ('journalctl -u docker', /var/log/docker.log), start it, and run this again.";

    /// <summary>Enough for a new engine on a busy host.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(60);

    private static readonly string[] Data = ["/var/lib/docker", "/var/lib/containerd"];

    /// <summary>The lock messages of apt; dnf 4 and 5; yum; rpm, which all three use; zypper.</summary>
    [GeneratedRegex(
        "Could not get lock|Unable to acquire the dpkg frontend lock"
            + "|already locked by \\d|Failed to obtain (the|rpm) transaction lock"
            + "|Existing lock .*\\.pid|another copy is running|holding the yum lock"
            + "|can't create transaction lock"
            + "|System management is locked",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Locked { get; }

    [GeneratedRegex(
        "Temporary failure resolving|Could not resolve|Failed to fetch|Could not connect|Unable to connect|Network is unreachable|Connection timed out|Curl error|curl: \\([567]\\)|Cannot download|Failed to download",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Offline { get; }

    [GeneratedRegex("^[a-z_][a-z0-9_-]{0,31}$", RegexOptions.CultureInvariant)]
    private static partial Regex UserName { get; }

    private bool HasSystemd => system.Exists("/run/systemd/system");

    /// <summary>Installs repository and packages, starts the engine, sets up group and users, and runs a first container.</summary>
    /// <exception cref="HostException">NotAdministrator, UnsupportedDistribution, SourceNotAvailable, InvalidUser, PackageManagerLocked,
    /// NetworkUnavailable, EngineInstallFailed: the repository is restored then. EngineNotStarted: the engine is installed.</exception>
    public async Task<EngineReport> InstallAsync(EngineInstallRequest request, CancellationToken cancellation)
    {
        RequireAdministrator(request.DryRun);
        if (request.Users.FirstOrDefault(static u => !UserName.IsMatch(u)) is { } wrong)
        {
            throw new HostException(
                "InvalidUser",
                $"'{wrong}' is not the name of a user. Nothing was changed.",
                wrong,
                "Write small letters, digits, - and _."
            );
        }
        var manager = PackageManager.For(system);
        var docker = await ChooseDockerAsync(manager, request.Source, cancellation);
        IReadOnlyList<string> packages = docker ? manager.DockerPackages : [manager.OwnPackage!];
        List<HostStep> install =
        [
            .. request.UpdateSystem ? manager.UpdateSystem() : [],
            .. docker ? manager.AddRepository() : [],
            .. manager.Refresh(),
            manager.Install([.. packages, .. request.Firewalld ? ["firewalld"] : Array.Empty<string>()]),
        ];
        List<HostStep> start =
        [
            .. request.Firewalld ? Start("firewalld") : [],
            .. Start("docker"),
            new CommandStep(new ToolCommand("groupadd", "--force", "docker")),
        ];
        foreach (var user in request.Users)
        {
            start.Add(new CommandStep(await UserCommandAsync(user, cancellation)));
        }
        var hello =
            request.TestImage.Length == 0
                ? null
                : new ToolCommand("docker", "run", "--rm", request.TestImage) { Timeout = TimeSpan.FromMinutes(3) };
        var commands = install.Concat(start).Select(static s => s.ToString()).ToList();
        if (hello is not null)
        {
            commands.Add(hello.ToString());
        }
        var name = OsRelease.Read(system).PrettyName;
        if (request.DryRun)
        {
            return new EngineReport(name, manager.Name, packages, "", commands, []);
        }
        await RunAsync(install, cancellation);
        await HostChange.RunAsync(system, start, "EngineNotStarted", StartByHand, cancellation);
        return new EngineReport(
            name,
            manager.Name,
            packages,
            await VersionAsync(cancellation),
            commands,
            await TestAsync(hello, cancellation)
        );
    }

    /// <summary>Removes the engine's packages. Images, containers and volumes stay unless <paramref name="removeData"/> is set.</summary>
    /// <exception cref="HostException">NotAdministrator, UnsupportedDistribution, PackageManagerLocked, EngineInstallFailed.</exception>
    public async Task<EngineReport> UninstallAsync(bool removeData, bool dryRun, CancellationToken cancellation)
    {
        RequireAdministrator(dryRun);
        var manager = PackageManager.For(system);
        List<string> installed = [];
        foreach (var package in manager.DockerPackages.Append(manager.OwnPackage).OfType<string>())
        {
            if (await manager.IsInstalledAsync(package, cancellation))
            {
                installed.Add(package);
            }
        }
        List<HostStep> steps = [];
        if (installed.Count > 0)
        {
            steps.AddRange(await StopAsync("docker", cancellation));
            steps.Add(manager.Remove(installed));
            if (
                manager.RepositoryPath.Length > 0
                && system.Read(manager.RepositoryPath) is { } text
                && text.StartsWith(Mark, StringComparison.Ordinal)
            )
            {
                steps.Add(new FileStep(manager.RepositoryPath, text, null));
            }
        }
        if (removeData && Data.Where(system.Exists).ToArray() is { Length: > 0 } data)
        {
            steps.Add(new CommandStep(new ToolCommand("rm", ["-rf", .. data]) { Timeout = TimeSpan.FromMinutes(20) }));
        }
        if (!dryRun)
        {
            await RunAsync(steps, cancellation);
        }
        return new EngineReport(
            OsRelease.Read(system).PrettyName,
            manager.Name,
            installed,
            "",
            [.. steps.Select(static s => s.ToString())],
            installed.Count == 0 ? ["No package of an engine is installed."] : []
        );
    }

    private void RequireAdministrator(bool dryRun)
    {
        if (!dryRun && !system.IsAdministrator)
        {
            throw new HostException(
                "NotAdministrator",
                "Packages are installed and removed by root only. Nothing was changed.",
                "root",
                "Run it as root (sudo pwsh); -WhatIf shows the commands to anybody."
            );
        }
    }

    private async Task<bool> ChooseDockerAsync(PackageManager manager, EngineSource source, CancellationToken cancellation)
    {
        var available = source switch
        {
            EngineSource.Docker => manager.HasDockerRepository,
            EngineSource.Distribution => manager.OwnPackage is not null,
            _ => true,
        };
        if (!available)
        {
            throw new HostException(
                "SourceNotAvailable",
                $"There is no engine from {source} for {OsRelease.Read(system).PrettyName}. Nothing was changed.",
                source.ToString(),
                "Leave -Source out to use the available one."
            );
        }
        if (source != EngineSource.Auto)
        {
            return source == EngineSource.Docker;
        }
        // docker-ce and docker.io exclude each other, so a host with one of them keeps it.
        if (manager.OwnPackage is { } own && await manager.IsInstalledAsync(own, cancellation))
        {
            return false;
        }
        return manager.HasDockerRepository;
    }

    private IEnumerable<HostStep> Start(string service) =>
        HasSystemd ? [new CommandStep(Enable(service))] : [new CommandStep(new ToolCommand("service", service, "start"))];

    /// <summary>Stops the engine. If its packages cannot be removed, it is started again, unless it did not run before.</summary>
    private async Task<IReadOnlyList<HostStep>> StopAsync(string service, CancellationToken cancellation)
    {
        if (!HasSystemd && !system.Exists($"/etc/init.d/{service}"))
        {
            return [];
        }
        var (stop, start, runs) = HasSystemd
            ? (
                new ToolCommand("systemctl", "disable", "--now", service),
                Enable(service),
                new ToolCommand("systemctl", "is-active", "--quiet", service)
            )
            : (
                new ToolCommand("service", service, "stop"),
                new ToolCommand("service", service, "start"),
                new ToolCommand("service", service, "status")
            );
        return [new CommandStep(stop, (await system.RunAsync(runs, cancellation)).Succeeded ? start : null)];
    }

    private static ToolCommand Enable(string service) => new("systemctl", "enable", "--now", service);

    private async Task<ToolCommand> UserCommandAsync(string user, CancellationToken cancellation) =>
        (await system.RunAsync(new ToolCommand("id", "-u", user), cancellation)).Succeeded
            ? new ToolCommand("usermod", "--append", "--groups", "docker", user)
            : new ToolCommand("useradd", "--create-home", "--gid", "docker", user);

    private async Task RunAsync(IReadOnlyList<HostStep> steps, CancellationToken cancellation)
    {
        try
        {
            await HostChange.RunAsync(
                system,
                steps,
                "EngineInstallFailed",
                "Correct what the package manager says and run it again.",
                cancellation
            );
        }
        catch (HostException e) when (Locked.IsMatch(e.Message))
        {
            throw new HostException(
                "PackageManagerLocked",
                e.Message,
                e.Target,
                "Another program installs packages at the moment (an automatic update, perhaps): run it again when that has ended.",
                e
            );
        }
        catch (HostException e) when (Offline.IsMatch(e.Message))
        {
            throw new HostException(
                "NetworkUnavailable",
                e.Message,
                e.Target,
                "This host cannot reach its package repository: look at its network, name server and proxy.",
                e
            );
        }
    }

    /// <summary>Waits for the engine to answer: not every service manager waits until it does.</summary>
    private async Task<string> VersionAsync(CancellationToken cancellation)
    {
        var command = new ToolCommand("docker", "version", "--format", "{{.Server.Version}}") { Timeout = AnswerWithin };
        var started = Stopwatch.StartNew();
        while (true)
        {
            var result = await system.RunAsync(command, cancellation);
            if (result.Succeeded)
            {
                return result.Output.Trim();
            }
            if (started.Elapsed > AnswerWithin)
            {
                throw new HostException(
                    "EngineNotStarted",
                    $"The engine is installed and was started, but does not answer: {result.Reason}",
                    "docker",
                    StartByHand
                );
            }
            await Task.Delay(TimeSpan.FromMilliseconds(300), cancellation);
        }
    }

    private async Task<IReadOnlyList<string>> TestAsync(ToolCommand? hello, CancellationToken cancellation)
    {
        if (hello is null)
        {
            return [];
        }
        var failed = $"The engine is installed and runs, but its first container did not: '{hello}':";
        try
        {
            var result = await system.RunAsync(hello, cancellation);
            return result.Succeeded ? [] : [$"{failed} {result.Reason}"];
        }
        catch (HostException e)
        {
            return [$"{failed} {e.Message}"];
        }
    }
}
