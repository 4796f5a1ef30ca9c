namespace Swarm.Core.Templates;

/// <summary>The functions of templates. Each behaves as Go's of the same name (text/template), <c>join</c> as SwarmKit's.</summary>
internal static class TemplateFunctions
{
    private static readonly Dictionary<string, Func<int, IReadOnlyList<TemplateExpression>, TemplateExpression>> Functions = new(
        StringComparer.Ordinal
    )
    {
        ["index"] = Index,
        ["join"] = Join,
        ["print"] = static (position, arguments) => new(position, c => Print(c, arguments)),
        ["println"] = static (position, arguments) => new(position, c => TemplateOutput.Join(" ", arguments.Select(a => a.Text(c))) + "\n"),
        ["printf"] = Format,
        ["or"] = static (position, arguments) => Choose("or", position, arguments, static text => text.Length > 0),
        ["and"] = static (position, arguments) => Choose("and", position, arguments, static text => text.Length == 0),
    };

    private static readonly string Known = string.Join(", ", Functions.Keys);

    /// <summary>Words of Go's templates that are not supported here.</summary>
    private static readonly HashSet<string> NotSupported = new(StringComparer.Ordinal)
    {
        "if",
        "else",
        "end",
        "range",
        "with",
        "define",
        "template",
        "block",
        "break",
        "continue",
        "nil",
        "true",
        "false",
        "not",
        "len",
        "slice",
        "call",
        "html",
        "js",
        "urlquery",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
    };

    /// <exception cref="TemplateSyntaxException">There is no such function, or it is not supported.</exception>
    public static void Require(string name, int position)
    {
        if (!Functions.ContainsKey(name))
        {
            throw new TemplateSyntaxException(
                NotSupported.Contains(name)
                    ? $"'{name}' is not supported; expected a value such as .Task.Slot, or one of {Known}"
                    : $"'{TemplateOutput.Cut(name)}' is not a function; expected a value such as .Task.Slot, or one of {Known}",
                position
            );
        }
    }

    /// <param name="name">A function that <see cref="Require"/> has found.</param>
    /// <param name="position">Its index in the template.</param>
    /// <param name="arguments">In order; the value of the stage before in a pipe is the last.</param>
    /// <exception cref="TemplateSyntaxException">The function does not take these arguments.</exception>
    public static TemplateExpression Call(string name, int position, IReadOnlyList<TemplateExpression> arguments) =>
        Functions[name](position, arguments);

    private static TemplateExpression Index(int position, IReadOnlyList<TemplateExpression> arguments)
    {
        if (arguments.Count == 0 || !arguments[0].IsLabels)
        {
            throw new TemplateSyntaxException("index takes .Service.Labels and the name of a label", Of(arguments, 0, position));
        }
        if (arguments.Count == 1)
        {
            return arguments[0];
        }
        if (arguments.Count > 2)
        {
            throw new TemplateSyntaxException("index takes one name of a label", arguments[2].Position);
        }
        var name = RequireText("index", arguments[1]);
        return new(position, c => c.ServiceLabels.TryGetValue(name.Text(c), out var label) ? label : c.AnyLabel);
    }

    private static TemplateExpression Join(int position, IReadOnlyList<TemplateExpression> arguments)
    {
        if (arguments.Count == 0)
        {
            throw new TemplateSyntaxException("join takes a separator and the texts to join", position);
        }
        foreach (var argument in arguments)
        {
            RequireText("join", argument);
        }
        return new(position, c => TemplateOutput.Join(arguments[0].Text(c), arguments.Skip(1).Select(a => a.Text(c))));
    }

    /// <summary>Go puts a space between two values of which neither is a text.</summary>
    private static string Print(TemplateContext context, IReadOnlyList<TemplateExpression> arguments) =>
        TemplateOutput.Join(
            "",
            arguments.Select((a, i) => (i > 0 && a.IsLabels && arguments[i - 1].IsLabels ? " " : "") + a.Text(context))
        );

    /// <summary>Go's <c>or</c> and <c>and</c>: the first argument that decides, else the last one.</summary>
    private static TemplateExpression Choose(
        string name,
        int position,
        IReadOnlyList<TemplateExpression> arguments,
        Func<string, bool> decides
    )
    {
        if (arguments.Count == 0)
        {
            throw new TemplateSyntaxException($"{name} takes at least one text", position);
        }
        foreach (var argument in arguments)
        {
            RequireText(name, argument);
        }
        return new(
            position,
            c =>
            {
                var text = "";
                foreach (var argument in arguments)
                {
                    text = argument.Text(c);
                    if (decides(text))
                    {
                        break;
                    }
                }
                return text;
            }
        );
    }

    private static TemplateExpression Format(int position, IReadOnlyList<TemplateExpression> arguments)
    {
        if (arguments.Count == 0 || arguments[0].Literal is not { } format)
        {
            throw new TemplateSyntaxException("printf takes a format that is written out, such as \"%s-%s\"", Of(arguments, 0, position));
        }
        var at = arguments[0].Position;
        var parts = new List<Func<TemplateContext, string>>();
        var (from, used) = (0, 1);
        while (format.IndexOf('%', from) is >= 0 and var percent)
        {
            var before = format[from..percent];
            parts.Add(_ => before);
            var verb = percent + 1 < format.Length ? format[percent + 1] : '\0';
            if (verb == '%')
            {
                parts.Add(static _ => "%");
            }
            else if (verb is not ('s' or 'v'))
            {
                throw new TemplateSyntaxException("printf supports %s, %v and %%", at);
            }
            else if (used == arguments.Count)
            {
                throw new TemplateSyntaxException("printf has fewer values than its format names", at);
            }
            else
            {
                parts.Add(arguments[used++].Text);
            }
            from = percent + 2;
        }
        if (used < arguments.Count)
        {
            throw new TemplateSyntaxException("printf has more values than its format names", arguments[used].Position);
        }
        var rest = format[from..];
        parts.Add(_ => rest);
        return new(position, c => TemplateOutput.Join("", parts.Select(p => p(c))));
    }

    private static TemplateExpression RequireText(string function, TemplateExpression argument) =>
        argument.IsLabels
            ? throw new TemplateSyntaxException($"{function} takes texts here, and .Service.Labels is none", argument.Position)
            : argument;

    private static int Of(IReadOnlyList<TemplateExpression> arguments, int index, int otherwise) =>
        index < arguments.Count ? arguments[index].Position : otherwise;
}
