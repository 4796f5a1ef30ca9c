using System.Collections;
using System.Management.Automation.Language;
using Swarm.Cmdlets.Sandboxes;

namespace Swarm.Cmdlets.Completion;

/// <summary>This user's sandboxes, from their files: none has to run.</summary>
public sealed class SandboxCompleter : IArgumentCompleter
{
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        try
        {
            return CompletionList.Of(
                SandboxStore.All().Select(s => (s.Name, $"{s.Nodes.Count(n => n.Running)}/{s.Nodes.Length} nodes, {s.Executor}")),
                wordToComplete
            );
        }
        catch (Exception)
        {
            // Completion must never throw: the prompt would show it in the middle of a line.
            return [];
        }
    }
}
