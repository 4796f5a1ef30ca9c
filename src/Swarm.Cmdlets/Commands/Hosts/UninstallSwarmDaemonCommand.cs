using Swarm.Cmdlets.Hosts;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Uninstall, "SwarmDaemon", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(DaemonInstallation))]
public sealed class UninstallSwarmDaemonCommand : DaemonCmdlet
{
    [Parameter]
    public SwitchParameter RemoveData { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        var action = RemoveData ? "Stop swarmd and remove it with its state" : "Stop swarmd and remove it";
        if (IsWhatIf)
        {
            var plan = await RunAsync(() => Installer.UninstallAsync(RemoveData, dryRun: true, cancellationToken), cancellationToken);
            Warn(plan.Warnings);
            ShowPlan(Environment.MachineName, plan.Commands, action);
        }
        else if (Approve(Environment.MachineName, action, Force))
        {
            Write(await RunAsync(() => Installer.UninstallAsync(RemoveData, dryRun: false, cancellationToken), cancellationToken));
        }
    }
}
