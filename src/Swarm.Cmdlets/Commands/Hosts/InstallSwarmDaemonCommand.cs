using Swarm.Cmdlets.Hosts;
using Swarm.Cmdlets.Sandboxes;
using Swarm.Host.Daemon;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Install, "SwarmDaemon", SupportsShouldProcess = true)]
[OutputType(typeof(DaemonInstallation))]
public sealed class InstallSwarmDaemonCommand : DaemonCmdlet
{
    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        const string Action = "Install swarmd and start it";
        if (IsWhatIf)
        {
            // A preview must not change modes of files.
            var plan = Request(DaemonProgram.Find(prepare: false)) with
            {
                DryRun = true,
            };
            var report = await RunAsync(() => Installer.InstallAsync(plan, cancellationToken), cancellationToken);
            Warn(report.Warnings);
            ShowPlan(Environment.MachineName, report.Commands, Action);
        }
        else if (ShouldProcess(Environment.MachineName, Action))
        {
            var request = Request(DaemonProgram.Find());
            Write(await RunAsync(() => Installer.InstallAsync(request, cancellationToken), cancellationToken));
        }
    }

    private static DaemonInstallRequest Request(DaemonProgram program)
    {
        var unit = File.ReadAllText(Path.Combine(DaemonProgram.ModuleRoot(), "swarmd.service"));
        return program.Arguments is [var library]
            ? new DaemonInstallRequest
            {
                Files = [$"{Path.GetDirectoryName(library)}/."],
                Program = Path.GetFileName(library),
                Runtime = program.FileName,
                Unit = unit,
            }
            : new DaemonInstallRequest
            {
                Files = program.Images is { } images ? [program.FileName, images] : [program.FileName],
                Program = Path.GetFileName(program.FileName),
                Unit = unit,
            };
    }
}
