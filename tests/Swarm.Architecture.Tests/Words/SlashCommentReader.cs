namespace Swarm.Architecture.Tests.Words;

/// <summary>Finds the comments of C# and proto files, and knows strings from comments.</summary>
internal sealed class SlashCommentReader(string source)
{
    private readonly List<Comment> _comments = [];
    private readonly List<Prose> _strings = [];
    private int _at;
    private int _line = 1;
    private int _lineStart;

    /// <summary>The texts between double quotes that <see cref="Read"/> passed, without raw strings.</summary>
    public IReadOnlyList<Prose> Strings => _strings;

    public IReadOnlyList<Comment> Read()
    {
        while (_at < source.Length)
        {
            if (StartsWith("//"))
            {
                LineComment();
            }
            else if (StartsWith("/*"))
            {
                BlockComment();
            }
            else if (StartsWith("\"\"\"") && !IsVerbatim())
            {
                var quotes = 0;
                while (_at + quotes < source.Length && source[_at + quotes] == '"')
                {
                    quotes++;
                }
                Skip(quotes);
                SkipTo(new string('"', quotes));
            }
            else if (source[_at] == '"')
            {
                QuotedString();
            }
            else if (source[_at] == '\'')
            {
                Skip(1);
                SkipEscaped('\'');
            }
            else
            {
                Skip(1);
            }
        }
        return _comments;
    }

    private void LineComment()
    {
        var end = source.IndexOf('\n', _at);
        end = end < 0 ? source.Length : end;
        var text = source[_at..end].TrimEnd();
        var isDocumentation = text.StartsWith("///", StringComparison.Ordinal);
        _comments.Add(new(_line, text[(isDocumentation ? 3 : 2)..], isDocumentation, IsAlone()));
        Skip(end - _at);
    }

    private void BlockComment()
    {
        var end = source.IndexOf("*/", _at, StringComparison.Ordinal);
        var isAlone = IsAlone();
        var line = _line;
        foreach (var text in source[(_at + 2)..end].Split('\n'))
        {
            _comments.Add(new(line++, text.Trim().TrimStart('*'), false, isAlone));
        }
        Skip(end + 2 - _at);
    }

    private void QuotedString()
    {
        var isVerbatim = IsVerbatim();
        var line = _line;
        Skip(1);
        var start = _at;
        if (!isVerbatim)
        {
            SkipEscaped('"');
            _strings.Add(new("", line, source[start..Math.Max(start, _at - 1)]));
            return;
        }
        SkipTo("\"");
        while (_at < source.Length && source[_at] == '"')
        {
            Skip(1);
            SkipTo("\"");
        }
    }

    private void SkipEscaped(char quote)
    {
        while (_at < source.Length && source[_at] != quote && source[_at] != '\n')
        {
            Skip(source[_at] == '\\' ? 2 : 1);
        }
        Skip(1);
    }

    private void SkipTo(string end)
    {
        var at = source.IndexOf(end, _at, StringComparison.Ordinal);
        Skip((at < 0 ? source.Length : at + end.Length) - _at);
    }

    private void Skip(int count)
    {
        for (var end = Math.Min(_at + count, source.Length); _at < end; _at++)
        {
            if (source[_at] == '\n')
            {
                _line++;
                _lineStart = _at + 1;
            }
        }
    }

    private bool StartsWith(string text) => string.CompareOrdinal(source, _at, text, 0, text.Length) == 0;

    private bool IsVerbatim() => _at > 0 && (source[_at - 1] == '@' || (_at > 1 && source[_at - 1] == '$' && source[_at - 2] == '@'));

    private bool IsAlone() => string.IsNullOrWhiteSpace(source[_lineStart.._at]);
}
