using Swarm.Host.Engine;
using Swarm.Host.Systems;

namespace Swarm.Cmdlets.Hosts;

/// <summary>A cmdlet that installs or removes the engine of this machine.</summary>
public abstract class EngineCmdlet : HostSetupCmdlet
{
    private protected static EngineInstaller Installer { get; } = new(new LocalSystem());

    private protected void ShowPlan(EngineReport plan, string action) =>
        ShowPlan($"{Environment.MachineName} ({plan.Distribution})", plan.Commands, action);

    private protected void Write(EngineReport report)
    {
        Warn(report.Warnings);
        WriteObject(
            new EngineInstallation
            {
                Distribution = report.Distribution,
                PackageManager = report.PackageManager,
                Packages = [.. report.Packages],
                EngineVersion = report.EngineVersion,
                Commands = [.. report.Commands],
            }
        );
    }
}
