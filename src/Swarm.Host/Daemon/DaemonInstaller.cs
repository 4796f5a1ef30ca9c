using System.Text.RegularExpressions;
using Swarm.Host.Systems;

namespace Swarm.Host.Daemon;

/// <summary>Installs swarmd on a Linux host as a service of systemd, and removes it.</summary>
public sealed partial class DaemonInstaller(IHostSystem system)
{
    /// <summary>The place for programs that no package manager knows. Source: the Filesystem Hierarchy Standard 3.0, 4.9.</summary>
    public const string Folder = "/usr/local/lib/swarm";

    public const string UnitPath = "/etc/systemd/system/swarmd.service";

    /// <summary>The first line of a unit that this class wrote.</summary>
    internal const string Mark = "# Added by Install-SwarmDaemon.";

    private const string Service = "swarmd";

    /// <summary>swarmd's own default.</summary>
    private const string State = "/var/lib/swarm";

    private const string Fresh = Folder + ".new";
    private const string Previous = Folder + ".old";

    /// <summary>A unit of Type=notify has started when swarmd reports it.</summary>
    private static readonly TimeSpan StartWithin = TimeSpan.FromMinutes(2);

    [GeneratedRegex("^ExecStart=.*$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex ExecStartLine { get; }

    private bool HasSystemd => system.Exists("/run/systemd/system");

    /// <summary>Copies the program, tries it, and has systemd start it, now and at boot. A running swarmd is stopped only once the new one
    /// is known to
    /// run here. Without systemd the files are copied, and a warning says how to start swarmd.</summary>
    /// <exception cref="HostException">NotAdministrator, UnsupportedPlatform, UnitOfAnother, DaemonInstallFailed. Nothing is changed
    /// then.</exception>
    public async Task<DaemonReport> InstallAsync(DaemonInstallRequest request, CancellationToken cancellation)
    {
        Require(request.DryRun);
        var before = OurUnit();
        var program = $"{Folder}/{request.Program}";
        var exec = request.Runtime.Length > 0 ? $"{Quote(request.Runtime)} {program}" : program;
        var unit = ExecStartLine.Replace(request.Unit, $"ExecStart={exec.Replace("$", "$$", StringComparison.Ordinal)}");
        List<HostStep> steps =
        [
            Run("groupadd", "--force", "--system", "swarm"),
            Run("rm", "-rf", Fresh, Previous),
            Run(["mkdir", "--parents", Fresh], ["rm", "-rf", Fresh]),
            Run("cp", ["-r", .. request.Files, Fresh]),
            Run("chmod", "-R", "u+w,a+rX", Fresh),
            Try(request),
        ];
        if (await IsActiveAsync(cancellation))
        {
            steps.Add(Run(["systemctl", "stop", Service], ["systemctl", "restart", Service]));
        }
        if (system.Exists(Folder))
        {
            steps.Add(Run(["mv", Folder, Previous], ["mv", Previous, Folder]));
        }
        steps.Add(Run(["mv", Fresh, Folder], ["mv", Folder, Fresh]));
        steps.Add(new UnitStep(new FileStep(UnitPath, before, unit), Reload()));
        if (HasSystemd)
        {
            // --now on the way back: systemd would restart a program that fails again and again.
            steps.Add(Run(["systemctl", "enable", Service], before is null ? ["systemctl", "disable", "--now", Service] : null));
            steps.Add(new CommandStep(new ToolCommand("systemctl", "start", Service) { Timeout = StartWithin }));
        }
        steps.Add(Run("rm", "-rf", Previous));
        if (!request.DryRun)
        {
            await HostChange.RunAsync(
                system,
                steps,
                "DaemonInstallFailed",
                "Look at 'journalctl -u swarmd', correct the error, and run this again.",
                cancellation
            );
        }
        return new DaemonReport(
            Folder,
            UnitPath,
            exec,
            [.. steps.Select(static s => s.ToString())],
            HasSystemd
                ? []
                :
                [
                    $"systemd does not run on this host: have its own service manager start '{exec}' as root. A swarmd that runs goes on as it is until it is started again.",
                ]
        );
    }

    /// <summary>Stops the service and removes the program and the unit. The state of swarmd stays, unless <paramref name="removeData"/> is
    /// set; settings
    /// in /etc/swarm stay.</summary>
    /// <exception cref="HostException">NotAdministrator, UnsupportedPlatform, UnitOfAnother, DaemonInstallFailed.</exception>
    public async Task<DaemonReport> UninstallAsync(bool removeData, bool dryRun, CancellationToken cancellation)
    {
        Require(dryRun);
        List<HostStep> steps = [];
        var unit = OurUnit();
        if (unit is not null)
        {
            if (HasSystemd)
            {
                var again = await IsActiveAsync(cancellation) ? new[] { "systemctl", "enable", "--now", Service } : null;
                steps.Add(Run(["systemctl", "disable", "--now", Service], again));
            }
            steps.Add(new UnitStep(new FileStep(UnitPath, unit, null), Reload()));
        }
        if (system.Exists(Folder))
        {
            steps.Add(Run("rm", "-rf", Folder));
        }
        var installed = steps.Count > 0;
        if (removeData && system.Exists(State))
        {
            steps.Add(Run("rm", "-rf", State));
        }
        if (!dryRun)
        {
            await HostChange.RunAsync(system, steps, "DaemonInstallFailed", "Correct the error and run this again.", cancellation);
        }
        return new DaemonReport(
            Folder,
            UnitPath,
            "",
            [.. steps.Select(static s => s.ToString())],
            !installed ? ["swarmd was not installed here by Install-SwarmDaemon."]
                : HasSystemd ? []
                : ["systemd does not run on this host: a running swarmd goes on until it is ended."]
        );
    }

    private void Require(bool dryRun)
    {
        if (system.IsWindows || !system.Exists("/proc/sys/kernel/osrelease"))
        {
            throw new HostException(
                "UnsupportedPlatform",
                "swarmd is installed as a service on Linux only. Nothing was changed.",
                Service,
                system.IsWindows
                    ? "Make the service by hand: New-Service swarmd -BinaryPathName <path of swarmd.exe>; Start-Service swarmd."
                    : "Start swarmd by hand; Start-SwarmSandbox needs no service."
            );
        }
        if (!dryRun && !system.IsAdministrator)
        {
            throw new HostException(
                "NotAdministrator",
                "Services are installed and removed by root only. Nothing was changed.",
                "root",
                "Run it as root (sudo pwsh); -WhatIf shows the commands to anybody."
            );
        }
    }

    /// <summary>The present unit; null: none.</summary>
    private string? OurUnit() =>
        system.Read(UnitPath) is not { } text ? null
        : text.StartsWith(Mark, StringComparison.Ordinal) ? text
        : throw new HostException(
            "UnitOfAnother",
            $"The unit {UnitPath} was not written by Install-SwarmDaemon. Nothing was changed.",
            UnitPath,
            "Move it away. Settings belong in /etc/swarm/swarmd.json, changes of the unit in a drop-in: systemctl edit swarmd."
        );

    /// <summary>Runs the new swarmd here before it replaces one that works: a build for another platform, or one without its runtime, does
    /// not run.</summary>
    private static CommandStep Try(DaemonInstallRequest request) =>
        request.Runtime.Length > 0
            ? Run(request.Runtime, $"{Fresh}/{request.Program}", "--version")
            : Run($"{Fresh}/{request.Program}", "--version");

    private async Task<bool> IsActiveAsync(CancellationToken cancellation) =>
        HasSystemd && (await system.RunAsync(new ToolCommand("systemctl", "is-active", "--quiet", Service), cancellation)).Succeeded;

    private ToolCommand? Reload() => HasSystemd ? new ToolCommand("systemctl", "daemon-reload") : null;

    private static CommandStep Run(string program, params string[] arguments) => new(new ToolCommand(program, arguments));

    private static CommandStep Run(string[] command, string[]? undo) =>
        new(new ToolCommand(command[0], command[1..]), undo is null ? null : new ToolCommand(undo[0], undo[1..]));

    // The quoting of systemd.service(5).
    private static string Quote(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}
