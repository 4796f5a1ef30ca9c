using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;

namespace Swarm.BuildHost.Hosting;

/// <summary>What every runspace of this host begins with: the engine's Core cmdlets and nothing of our own.</summary>
internal static class EngineState
{
    public static InitialSessionState Create()
    {
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        }
        // Plain text wherever it goes: colours belong to real terminals and real pwsh.
        state.Variables.Add(new SessionStateVariableEntry("ErrorView", "ConciseView", "As in pwsh"));
        return state;
    }
}
