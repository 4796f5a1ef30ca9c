namespace Swarm.Cmdlets.Parameters;

/// <summary>Joins Docker's comma syntax again. PowerShell reads <c>-Publish published=8081,target=80</c> without quotes as a list of two texts.</summary>
/// <param name="kind">The word for an entry, for the error.</param>
/// <param name="flags">Keys that stand without a value too.</param>
/// <param name="repeatable">Keys that an entry may have several times.</param>
/// <param name="isWhole">Whether pieces, by key, make an entry.</param>
internal sealed class CommaSyntax(string kind, string[] flags, string[] repeatable, Func<IReadOnlyDictionary<string, string>, bool> isWhole)
{
    /// <summary>Runs of pieces become entries; every other item stays as it is.</summary>
    /// <exception cref="FormatException">The pieces make entries in more than one way.</exception>
    public IEnumerable<object?> Join(IEnumerable<object?> items)
    {
        List<(string Text, string Key)> run = [];
        foreach (var item in items)
        {
            if (item is string text && KeyOf(text, run.Count > 0) is { } key)
            {
                run.Add((text, key));
                continue;
            }
            foreach (var entry in Entries(run))
            {
                yield return entry;
            }
            run = [];
            yield return item;
        }
        foreach (var entry in Entries(run))
        {
            yield return entry;
        }
    }

    /// <summary>The key of a piece; null for other texts. A text with a comma was quoted: it is an entry of its own.</summary>
    private string? KeyOf(string text, bool inRun)
    {
        var parts = text.Split('=', 2);
        var key = parts[0].Trim().ToLowerInvariant();
        return text.Contains(',', StringComparison.Ordinal) ? null
            // An unknown key is a piece too: the parser names it with its entry.
            : parts.Length == 2 && key.All(c => char.IsAsciiLetter(c) || c == '-') ? key
            // A word alone belongs to the pieces before it.
            : parts.Length == 1 && inRun && flags.Contains(key) ? key
            : null;
    }

    private IEnumerable<string> Entries(List<(string Text, string Key)> run)
    {
        var ways = Ways(run, 0).Take(2).ToList();
        return ways.Count switch
        {
            // No way: the parser tells the mistake.
            0 => run.Count == 0 ? [] : [string.Join(',', run.Select(p => p.Text))],
            1 => ways[0],
            _ => throw new FormatException(
                $"'{string.Join(',', run.Select(p => p.Text))}' can be read as more than one list of {kind}s. Put each {kind} in quotes."
            ),
        };
    }

    /// <summary>Each way to cut the pieces from <paramref name="start"/> on into whole entries.</summary>
    private IEnumerable<List<string>> Ways(List<(string Text, string Key)> run, int start)
    {
        if (start == run.Count)
        {
            if (start > 0)
            {
                yield return [];
            }
            yield break;
        }
        if (flags.Contains(run[start].Key) && !run[start].Text.Contains('=', StringComparison.Ordinal))
        {
            yield break;
        }
        Dictionary<string, string> entry = new(StringComparer.Ordinal);
        for (var end = start; end < run.Count; end++)
        {
            var (text, key) = run[end];
            if (!entry.TryAdd(key, text.Split('=', 2)[^1]) && !repeatable.Contains(key))
            {
                yield break;
            }
            if (!isWhole(entry))
            {
                continue;
            }
            foreach (var rest in Ways(run, end + 1))
            {
                yield return [string.Join(',', run[start..(end + 1)].Select(p => p.Text)), .. rest];
            }
        }
    }
}
