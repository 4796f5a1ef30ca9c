using System.Text;
using Swarm.Host.Engine;
using Swarm.Host.Systems;

namespace Swarm.Cmdlets.Hosts;

/// <summary>A cmdlet that installs or removes the engine of this machine.</summary>
public abstract class EngineCmdlet : AsyncCmdlet
{
    private protected static EngineInstaller Installer { get; } = new(new LocalSystem());

    /// <summary>What the host refuses is an error record like any other.</summary>
    private protected static async Task<EngineReport> RunAsync(Func<Task<EngineReport>> work, CancellationToken cancellationToken)
    {
        try
        {
            // Not on the pipeline's thread: Ctrl+C is heard.
            return await AsyncTask.Run(work, cancellationToken);
        }
        catch (HostException e)
        {
            throw new SwarmException(e.ErrorId, e.Message, e.Target, e.Action);
        }
    }

    private protected void ShowPlan(EngineReport plan, string action)
    {
        var text = new StringBuilder(
            $"Performing the operation \"{action}\" on target \"{Environment.MachineName} ({plan.Distribution})\"."
        );
        foreach (var line in plan.Commands)
        {
            text.Append("\n  ").Append(line.Replace("\n", "\n  ", StringComparison.Ordinal));
            WriteInformation(line, ["SwarmPlan"]);
        }
        ShouldProcess(text.ToString(), text.ToString(), action);
    }

    private protected void Write(EngineReport report)
    {
        foreach (var warning in report.Warnings)
        {
            WriteWarning(warning);
        }
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
