using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Hosts;
using Swarm.Host.Engine;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Install, "SwarmEngine", SupportsShouldProcess = true)]
[OutputType(typeof(EngineInstallation))]
public sealed class InstallSwarmEngineCommand : EngineCmdlet
{
    [Parameter]
    public Swarm.EngineSource Source { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] User { get; set; } = [];

    [Parameter]
    public SwitchParameter UpdateSystem { get; set; }

    [Parameter]
    public SwitchParameter Firewalld { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string TestImage { get; set; } = "hello-world";

    [Parameter]
    public SwitchParameter NoTest { get; set; }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        const string Action = "Install a container engine";
        var request = new EngineInstallRequest
        {
            Source = (Swarm.Host.Engine.EngineSource)Source,
            Users = User,
            UpdateSystem = UpdateSystem,
            Firewalld = Firewalld,
            TestImage = NoTest ? "" : TestImage,
        };
        if (IsWhatIf)
        {
            ShowPlan(
                await RunAsync(() => Installer.InstallAsync(request with { DryRun = true }, cancellationToken), cancellationToken),
                Action
            );
        }
        else if (ShouldProcess(Environment.MachineName, Action))
        {
            Write(await RunAsync(() => Installer.InstallAsync(request, cancellationToken), cancellationToken));
        }
    }
}
