using System.Text;

namespace Swarm.Core.Templates;

/// <summary>Reads templates with Go's rules. Source: text/template/parse/lex.go and parse.go.</summary>
internal sealed class TemplateParser(string text)
{
    public const string Opening = "{{";
    private const string Closing = "}}";
    private const string CommentOpening = "/*";
    private const string CommentClosing = "*/";

    /// <summary>The most pipes and parentheses of one action: each of them takes a few frames of the stack.</summary>
    private const int MostSteps = 32;

    private readonly List<TemplateExpression> _parts = [];
    private int _at;
    private int _steps;

    /// <summary>Index of the opening braces of the action that is being read.</summary>
    private int _opening;

    /// <exception cref="TemplateSyntaxException">The template cannot be read.</exception>
    public IReadOnlyList<TemplateExpression> Read()
    {
        var trimsStart = false;
        while (text.IndexOf(Opening, _at, StringComparison.Ordinal) is >= 0 and var opening)
        {
            var before = text[_at..opening];
            _opening = opening;
            _at = opening + Opening.Length;
            // "{{- " trims the text before it. A '-' without the space is a sign.
            var trimsEnd = CharAt(_at) == '-' && IsSpace(CharAt(_at + 1));
            _at += trimsEnd ? 2 : 0;
            AddText(before, trimsStart, trimsEnd);
            if (StartsWith(CommentOpening))
            {
                SkipComment();
            }
            else
            {
                _steps = 0;
                _parts.Add(ReadPipeline());
                if (CharAt(_at) == ')')
                {
                    throw Error(_at, "the parenthesis was not opened");
                }
            }
            trimsStart = ReadClosing();
        }
        AddText(text[_at..], trimsStart, false);
        return _parts;
    }

    private void AddText(string written, bool trimsStart, bool trimsEnd)
    {
        var from = 0;
        var to = written.Length;
        while (trimsStart && from < to && IsSpace(written[from]))
        {
            from++;
        }
        while (trimsEnd && to > from && IsSpace(written[to - 1]))
        {
            to--;
        }
        if (from < to)
        {
            var kept = written[from..to];
            _parts.Add(new TemplateExpression(_at, _ => kept, Literal: kept));
        }
    }

    private void SkipComment()
    {
        var end = text.IndexOf(CommentClosing, _at + CommentOpening.Length, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Error(_at, "the comment is not closed; expected */}}");
        }
        _at = end + CommentClosing.Length;
        if (ClosingLength() == 0)
        {
            throw Error(_at, "a comment is alone in its braces; expected }} after */");
        }
    }

    /// <returns>True when the closing braces trim the text after them.</returns>
    private bool ReadClosing()
    {
        var length = ClosingLength();
        _at += length;
        return length > Closing.Length;
    }

    /// <summary>Length of the closing braces here, with a trim marker and the space before it; 0 when there are none.</summary>
    private int ClosingLength()
    {
        if (StartsWith(Closing))
        {
            return Closing.Length;
        }
        return IsSpace(CharAt(_at)) && CharAt(_at + 1) == '-' && text.AsSpan(Math.Min(_at + 2, text.Length)).StartsWith(Closing)
            ? 2 + Closing.Length
            : 0;
    }

    /// <summary>Commands with <c>|</c> between them, up to a closing brace or parenthesis, which is left.</summary>
    private TemplateExpression ReadPipeline()
    {
        TemplateExpression? value = null;
        while (true)
        {
            SkipSpace();
            value = ReadCommand(value);
            if (CharAt(_at) != '|')
            {
                return value;
            }
            CountStep();
            _at++;
        }
    }

    private void CountStep()
    {
        if (++_steps > MostSteps)
        {
            throw Error(_at, $"an action has at most {MostSteps} pipes and parentheses");
        }
    }

    /// <param name="piped">The value of the stage before: the last argument.</param>
    private TemplateExpression ReadCommand(TemplateExpression? piped)
    {
        var start = _at;
        var function = IsNameStart(CharAt(_at)) ? ReadName() : null;
        if (function is not null)
        {
            TemplateFunctions.Require(function, start);
            RequireBoundary();
        }
        var operands = new List<TemplateExpression>();
        while (true)
        {
            SkipSpace();
            if (ClosingLength() > 0 || CharAt(_at) is '|' or ')')
            {
                break;
            }
            operands.Add(ReadOperand());
            RequireBoundary();
        }
        if (function is not null)
        {
            if (piped is not null)
            {
                operands.Add(piped);
            }
            return TemplateFunctions.Call(function, start, operands);
        }
        if (operands.Count == 0)
        {
            throw Error(_at, "there is no value; expected one such as .Task.Slot");
        }
        if (piped is not null)
        {
            throw Error(start, "only a function can stand after '|'");
        }
        return operands.Count == 1 ? operands[0] : throw Error(operands[1].Position, "only a function takes arguments");
    }

    private TemplateExpression ReadOperand()
    {
        var c = CharAt(_at);
        switch (c)
        {
            case '"':
                return ReadQuoted();
            case '`':
                return ReadRaw();
            case '(':
                return ReadParentheses();
            case '.' or '$':
                return ReadField();
            case '\0' when _at >= text.Length:
                throw Error(_opening, "the braces are not closed; expected }}");
            case '\'':
                throw Error(_at, "a character in single quotes is not supported; expected a text in double quotes");
            case '-':
                throw Error(_at, "'-' is not expected here; trim markers have a space: {{- and -}}");
            case '+' or (>= '0' and <= '9'):
                throw Error(_at, "numbers are not supported; expected a text in double quotes, or a value such as .Task.Slot");
            default:
                break;
        }
        if (!IsNameStart(c))
        {
            throw Error(_at, $"'{VisibleText.Blank(c.ToString())}' is not supported; expected a value such as .Task.Slot, or }}}}");
        }
        var start = _at;
        var name = ReadName();
        TemplateFunctions.Require(name, start);
        return TemplateFunctions.Call(name, start, []);
    }

    private TemplateExpression ReadParentheses()
    {
        CountStep();
        var start = _at++;
        var value = ReadPipeline();
        if (CharAt(_at) != ')')
        {
            throw Error(start, "the parenthesis is not closed; expected )");
        }
        _at++;
        return value with { Position = start };
    }

    /// <summary><c>.Service.Name</c>; <c>$</c> before it is the same value.</summary>
    private TemplateExpression ReadField()
    {
        var start = _at;
        if (CharAt(_at) == '$')
        {
            _at++;
            if (IsNameStart(CharAt(_at)))
            {
                ReadName();
                throw Error(start, $"variables such as '{TemplateOutput.Cut(text[start.._at])}' are not supported");
            }
        }
        var name = _at;
        while (CharAt(_at) == '.')
        {
            _at++;
            if (IsNameStart(CharAt(_at)))
            {
                ReadName();
            }
            else if (_at - name > 1)
            {
                throw Error(_at, "there is no name after '.'");
            }
        }
        return TemplateFields.Find(_at == name ? "." : text[name.._at], start);
    }

    private TemplateExpression ReadRaw()
    {
        var start = _at;
        var end = text.IndexOf('`', _at + 1);
        if (end < 0)
        {
            throw Error(start, "the text is not closed; expected `");
        }
        _at = end + 1;
        // Go drops carriage returns from raw texts.
        return Constant(start, text[(start + 1)..end].Replace("\r", "", StringComparison.Ordinal));
    }

    private TemplateExpression ReadQuoted()
    {
        var start = _at++;
        var value = new StringBuilder();
        while (true)
        {
            var c = CharAt(_at);
            if (_at >= text.Length || c == '\n')
            {
                throw Error(start, "the text is not closed; expected \"");
            }
            if (c == '"')
            {
                _at++;
                return Constant(start, value.ToString());
            }
            if (c == '\\')
            {
                ReadEscape(value);
            }
            else
            {
                value.Append(c);
                _at++;
            }
        }
    }

    private void ReadEscape(StringBuilder value)
    {
        var start = _at;
        var letter = CharAt(_at + 1);
        _at += 2;
        // A byte above 0x7F would be a part of a character.
        var code = letter switch
        {
            'a' => 7,
            'b' => 8,
            't' => 9,
            'n' => 10,
            'v' => 11,
            'f' => 12,
            'r' => 13,
            '\\' or '"' => letter,
            'x' => ReadCode(2, 16, 0x7F),
            'u' => ReadCode(4, 16, 0xFFFF),
            'U' => ReadCode(8, 16, 0x10FFFF),
            >= '0' and <= '7' => ReadOctal(),
            _ => -1,
        };
        if (code <= 0 || !Rune.TryCreate(code, out var rune))
        {
            throw Error(start, "the escape is not supported; expected one such as \\n, \\\\, \\\" or \\u00e4");
        }
        value.Append(rune.ToString());
    }

    private int ReadOctal()
    {
        _at--;
        return ReadCode(3, 8, 0x7F);
    }

    /// <returns>-1 when there are not as many digits, or the code is too large.</returns>
    private int ReadCode(int digits, int radix, int largest)
    {
        long code = 0;
        for (var i = 0; i < digits; i++, _at++)
        {
            var c = CharAt(_at);
            var digit =
                char.IsAsciiDigit(c) ? c - '0'
                : char.IsAsciiHexDigit(c) ? char.ToLowerInvariant(c) - 'a' + 10
                : radix;
            if (digit >= radix)
            {
                return -1;
            }
            code = (code * radix) + digit;
        }
        return code > largest ? -1 : (int)code;
    }

    private static TemplateExpression Constant(int position, string value) => new(position, _ => value, Literal: value);

    /// <summary>A name or a value ends with a space, a pipe, a closing parenthesis or the action.</summary>
    private void RequireBoundary()
    {
        var c = CharAt(_at);
        if (_at < text.Length && !IsSpace(c) && c is not ('|' or ')') && ClosingLength() == 0)
        {
            throw Error(_at, $"'{VisibleText.Blank(c.ToString())}' is not expected here; expected a space, '|' or }}}}");
        }
    }

    private string ReadName()
    {
        var start = _at;
        while (IsNameStart(CharAt(_at)) || char.IsDigit(CharAt(_at)))
        {
            _at++;
        }
        return text[start.._at];
    }

    /// <summary>Stops before a space that belongs to the trim marker of closing braces.</summary>
    private void SkipSpace()
    {
        while (IsSpace(CharAt(_at)) && ClosingLength() == 0)
        {
            _at++;
        }
    }

    private bool StartsWith(string words) => text.AsSpan(_at).StartsWith(words);

    /// <summary>NUL beyond the end.</summary>
    private char CharAt(int index) => index < text.Length ? text[index] : '\0';

    private static bool IsNameStart(char c) => c == '_' || char.IsLetter(c);

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\r' or '\n';

    private static TemplateSyntaxException Error(int position, string problem) => new(problem, position);
}
