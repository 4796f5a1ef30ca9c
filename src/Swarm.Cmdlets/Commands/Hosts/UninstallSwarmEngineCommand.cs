using Swarm.Cmdlets.Hosts;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Uninstall, "SwarmEngine", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(EngineInstallation))]
public sealed class UninstallSwarmEngineCommand : EngineCmdlet
{
    [Parameter]
    public SwitchParameter RemoveData { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        var action = RemoveData ? "Remove the container engine with all images, containers and volumes" : "Remove the container engine";
        if (IsWhatIf)
        {
            ShowPlan(
                await RunAsync(() => Installer.UninstallAsync(RemoveData, dryRun: true, cancellationToken), cancellationToken),
                action
            );
        }
        else if (Approve(Environment.MachineName, action, Force))
        {
            Write(await RunAsync(() => Installer.UninstallAsync(RemoveData, dryRun: false, cancellationToken), cancellationToken));
        }
    }
}
