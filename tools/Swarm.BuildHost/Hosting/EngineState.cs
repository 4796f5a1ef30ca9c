using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;

namespace Swarm.BuildHost.Hosting;

/// <summary>The initial state of every runspace of this host: the engine's Core cmdlets, and the three that show objects.</summary>
internal static class EngineState
{
    public static InitialSessionState Create()
    {
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        }
        state.Variables.Add(new SessionStateVariableEntry("ErrorView", "ConciseView", "As in pwsh"));
        // The needs of a person at the prompt, and of the tests of views.
        Add(state, "Format-List", typeof(FormatListCommand), "fl");
        Add(state, "Format-Table", typeof(FormatTableCommand), "ft");
        Add(state, "Out-String", typeof(OutStringCommand), null);
        return state;
    }

    private static void Add(InitialSessionState state, string name, Type type, string? alias)
    {
        state.Commands.Add(new SessionStateCmdletEntry(name, type, null));
        if (alias is not null)
        {
            state.Commands.Add(new SessionStateAliasEntry(alias, name));
        }
    }
}
