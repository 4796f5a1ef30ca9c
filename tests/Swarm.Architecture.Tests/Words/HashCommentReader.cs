using System.Text.RegularExpressions;

namespace Swarm.Architecture.Tests.Words;

/// <summary>Finds the comments of PowerShell and shell files, outside strings, here-strings and here-documents.</summary>
internal sealed partial class HashCommentReader(string source, bool isPowerShell)
{
    private readonly List<Comment> _comments = [];

    /// <summary>The quote of the string that the next line begins in; a line feed when there is none.</summary>
    private char _quote = '\n';

    /// <summary>The line that ends the here-string or here-document.</summary>
    private string? _hereEnd;

    private bool _inBlock;

    public IReadOnlyList<Comment> Read()
    {
        var number = 0;
        foreach (var line in source.Split('\n'))
        {
            number++;
            if (_inBlock)
            {
                var end = line.IndexOf("#>", StringComparison.Ordinal);
                _comments.Add(new(number, end < 0 ? line : line[..end], false, true));
                _inBlock = end < 0;
            }
            else if (_hereEnd is not null)
            {
                _hereEnd = line.Trim().StartsWith(_hereEnd, StringComparison.Ordinal) ? null : _hereEnd;
            }
            else
            {
                ReadLine(number, line);
            }
        }
        return _comments;
    }

    private void ReadLine(int number, string line)
    {
        for (var at = 0; at < line.Length; at++)
        {
            var c = line[at];
            if (c == (isPowerShell ? '`' : '\\') && _quote != '\'')
            {
                at++;
            }
            else if (_quote != '\n')
            {
                _quote = c == _quote ? '\n' : _quote;
            }
            else if (isPowerShell && c == '<' && at + 1 < line.Length && line[at + 1] == '#')
            {
                _inBlock = !line.Contains("#>", StringComparison.Ordinal);
                _comments.Add(new(number, line[(at + 2)..].Replace("#>", "", StringComparison.Ordinal), false, true));
                return;
            }
            else if (
                c == '#'
                && !line.StartsWith("#!", StringComparison.Ordinal)
                && (at == 0 || char.IsWhiteSpace(line[at - 1]) || line[at - 1] is ';' or '{' or '(')
            )
            {
                _comments.Add(new(number, line[(at + 1)..], false, string.IsNullOrWhiteSpace(line[..at])));
                return;
            }
            else if (HereEnd(line, at) is { } end)
            {
                _hereEnd = end;
                return;
            }
            else if (c is '"' or '\'')
            {
                _quote = c;
            }
        }
    }

    private string? HereEnd(string line, int at)
    {
        if (isPowerShell)
        {
            return line.AsSpan(at).TrimEnd() is "@'" or "@\"" ? line[at + 1] + "@" : null;
        }
        return HereDocument().Match(line, at) is { Success: true } m && m.Index == at ? m.Groups[1].Value : null;
    }

    [GeneratedRegex("(?<!<)<<-?\\s*['\"]?([A-Za-z_]+)['\"]?")]
    private static partial Regex HereDocument();
}
