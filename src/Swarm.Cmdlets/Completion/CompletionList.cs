namespace Swarm.Cmdlets.Completion;

/// <summary>What a completer answers: the names that begin with the word, in order, quoted where the shell needs it.</summary>
internal static class CompletionList
{
    public static IEnumerable<CompletionResult> Of(IEnumerable<(string Text, string ToolTip)> names, string? word)
    {
        var prefix = (word ?? "").Trim('\'', '"');
        return
        [
            .. names
                .Where(n => n.Text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                .DistinctBy(n => n.Text)
                .OrderBy(n => n.Text, StringComparer.OrdinalIgnoreCase)
                .Select(n => new CompletionResult(Quote(n.Text), n.Text, CompletionResultType.ParameterValue, n.ToolTip)),
        ];
    }

    private static string Quote(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/' or ':')
            ? text
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
