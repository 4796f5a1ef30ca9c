using Swarm.Host.Daemon;
using Swarm.Host.Systems;

namespace Swarm.Cmdlets.Hosts;

/// <summary>A cmdlet that installs or removes swarmd as a service of this machine.</summary>
public abstract class DaemonCmdlet : HostSetupCmdlet
{
    private protected static DaemonInstaller Installer { get; } = new(new LocalSystem());

    private protected void Write(DaemonReport report)
    {
        Warn(report.Warnings);
        WriteObject(
            new DaemonInstallation
            {
                Folder = report.Folder,
                Unit = report.Unit,
                ExecStart = report.ExecStart,
                Commands = [.. report.Commands],
            }
        );
    }
}
