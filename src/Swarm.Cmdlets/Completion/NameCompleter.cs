using System.Collections;
using System.Management.Automation.Language;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes the names that begin with the word, in order, quoted where the shell needs it.</summary>
public abstract class NameCompleter : IArgumentCompleter
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
            var prefix = (wordToComplete ?? "").Trim('\'', '"');
            return
            [
                .. Names(fakeBoundParameters)
                    .Where(n => n.Text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                    .DistinctBy(n => n.Text)
                    .OrderBy(n => n.Text, StringComparer.OrdinalIgnoreCase)
                    .Select(n => new CompletionResult(Quote(n.Text), n.Text, CompletionResultType.ParameterValue, n.ToolTip)),
            ];
        }
        catch (Exception)
        {
            // Completion must never throw: the prompt would show it in the middle of a line.
            return [];
        }
    }

    private protected abstract IEnumerable<(string Text, string ToolTip)> Names(IDictionary bound);

    private static string Quote(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or ':')
            ? text
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
