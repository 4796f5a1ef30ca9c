using System.Collections;
using System.Management.Automation.Language;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes the names that begin with the word, in order, quoted where the shell needs it. If there are none, it completes
/// ids.</summary>
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
            // A name that cannot be typed cannot be completed.
            var all = Names(parameterName, fakeBoundParameters)
                .Where(n => VisibleText.IsPlain(n.Text) && VisibleText.IsPlain(n.Id))
                .DistinctBy(n => (n.Text, n.Id))
                .ToList();
            var names = all.Where(n => Begins(n.Text, prefix)).DistinctBy(n => n.Text).Order(Order).ToList();
            // Ids beside names would disturb: the first letter of a name may begin an id by chance.
            var ids = all.Where(n => names.Count == 0 && n.Id.Length > 0 && Begins(n.Id, prefix))
                .OrderBy(n => n.Id, StringComparer.Ordinal);
            CompletionResult[] found =
            [
                .. names.Select(n => new CompletionResult(
                    Quote(n.Text),
                    n.Text,
                    CompletionResultType.ParameterValue,
                    VisibleText.Of(n.ToolTip)
                )),
                .. ids.Select(n => new CompletionResult(
                    n.Id,
                    $"{n.Id} ({n.Text})",
                    CompletionResultType.ParameterValue,
                    VisibleText.Of(n.ToolTip)
                )),
            ];
            return found.Length > 0 ? found : Nothing(wordToComplete);
        }
        catch (Exception)
        {
            // Completion must never throw: the prompt would show it in the middle of a line.
            return Nothing(wordToComplete);
        }
    }

    /// <summary>Leaves the word as it is. Without any result PowerShell completes the names of files, which are none of this parameter's values.</summary>
    private static CompletionResult[] Nothing(string? word)
    {
        // A completion cannot be empty; a space after a space is nothing.
        var same = string.IsNullOrEmpty(word) ? " " : word;
        return [new CompletionResult(same, same, CompletionResultType.Text, "There is nothing of that name.")];
    }

    /// <param name="parameter">The parameter whose value is completed.</param>
    /// <param name="bound">The parameters that the line has given so far.</param>
    private protected abstract IEnumerable<Candidate> Names(string parameter, IDictionary bound);

    private protected virtual IComparer<Candidate> Order { get; } =
        Comparer<Candidate>.Create((a, b) => StringComparer.OrdinalIgnoreCase.Compare(a.Text, b.Text));

    private static bool Begins(string text, string prefix) => text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    private static string Quote(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or ':')
            ? text
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
