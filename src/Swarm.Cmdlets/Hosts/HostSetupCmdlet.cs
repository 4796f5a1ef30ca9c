using System.Text;
using Swarm.Host.Systems;

namespace Swarm.Cmdlets.Hosts;

/// <summary>A cmdlet that installs something on this machine, or removes it.</summary>
public abstract class HostSetupCmdlet : AsyncCmdlet
{
    /// <summary>Turns an error of the host into an error record like any other.</summary>
    private protected static async Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            // Not on the pipeline's thread, which reacts to Ctrl+C.
            return await AsyncTask.Run(work, cancellationToken);
        }
        catch (HostException e)
        {
            throw new SwarmException(e.ErrorId, e.Message, e.Target, e.Action);
        }
    }

    private protected void ShowPlan(string target, IEnumerable<string> commands, string action)
    {
        var text = new StringBuilder($"Performing the operation \"{action}\" on target \"{target}\".");
        foreach (var line in commands)
        {
            text.Append("\n  ").Append(line.Replace("\n", "\n  ", StringComparison.Ordinal));
            WriteInformation(line, ["SwarmPlan"]);
        }
        ShouldProcess(text.ToString(), text.ToString(), action);
    }

    private protected void Warn(IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
        {
            WriteWarning(warning);
        }
    }
}
