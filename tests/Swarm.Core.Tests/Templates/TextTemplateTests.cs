using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Templates;

namespace Swarm.Core.Tests.Templates;

/// <summary>The expected texts are those of Go's text/template with the context of SwarmKit.</summary>
public sealed class TextTemplateTests
{
    internal static readonly TemplateContext Context = new()
    {
        ServiceId = "s1",
        ServiceName = "web",
        ServiceLabels = ValueMap.Empty.With("tier", "front").With("a.b", "dotted").With("empty", ""),
        NodeId = "n1",
        NodeHostname = "worker1",
        Os = "linux",
        Architecture = "x86_64",
        TaskId = "t1",
        TaskName = "web.2.t1",
        TaskSlot = "2",
    };

    [Theory]
    [InlineData("", "")]
    [InlineData("plain }} text { } %", "plain }} text { } %")]
    [InlineData("{{.Service.ID}}/{{.Service.Name}}", "s1/web")]
    [InlineData("{{.Node.ID}}{{.Node.Hostname}}{{.Node.Platform.OS}}{{.Node.Platform.Architecture}}", "n1worker1linuxx86_64")]
    [InlineData("{{ .Task.ID }} {{\t.Task.Name\n}} {{.Task.Slot}}", "t1 web.2.t1 2")]
    [InlineData("{{$.Task.Slot}}", "2")]
    [InlineData("{{index .Service.Labels \"tier\"}}", "front")]
    [InlineData("{{index .Service.Labels \"a.b\"}}", "dotted")]
    [InlineData("{{index .Service.Labels `a.b`}}", "dotted")]
    [InlineData("x{{index .Service.Labels \"none\"}}y", "xy")]
    [InlineData("{{index $.Service.Labels (print \"ti\" \"er\")}}", "front")]
    [InlineData("{{.Service.Labels}}", "map[a.b:dotted empty: tier:front]")]
    [InlineData("{{index .Service.Labels}}", "map[a.b:dotted empty: tier:front]")]
    [InlineData("{{\"{{.Name}}\"}}", "{{.Name}}")]
    [InlineData("{{`{{`}}.Name}}", "{{.Name}}")]
    [InlineData("{{\"a\\tb\\n\\\"\\\\ \\x41 \\101 \\u00e4 \\U0001F600\"}}", "a\tb\n\"\\ A A ä 😀")]
    [InlineData("{{`a\\n\r}}`}}", "a\\n}}")]
    [InlineData("a{{/* a comment with }} and {{ */}}b", "ab")]
    [InlineData("a {{- /* trims */ -}} b", "ab")]
    [InlineData("a{{/**/}}b", "ab")]
    [InlineData("a \n\t{{- .Task.Slot -}} \r\n b", "a2b")]
    [InlineData("a {{- .Task.Slot }} b", "a2 b")]
    [InlineData("a {{ .Task.Slot -}} b", "a 2b")]
    [InlineData("{{.Task.Slot   -}}  {{- .Task.Slot}}", "22")]
    [InlineData("{{.Task.Slot | printf \"%s-%v-%%\" \"x\"}}", "x-2-%")]
    [InlineData("{{printf \"slot %s\" .Task.Slot | print \"a\" | join \"-\" \"b\"}}", "b-aslot 2")]
    [InlineData("{{join \"-\" .Service.Name .Task.Slot \"x\"}}", "web-2-x")]
    [InlineData("{{join \"-\"}}", "")]
    [InlineData("{{print}}|{{print .Service.Name .Task.Slot}}", "|web2")]
    [InlineData("{{println .Service.Name .Task.Slot}}", "web 2\n")]
    [InlineData("{{print .Service.Labels .Service.Labels}}", "map[a.b:dotted empty: tier:front] map[a.b:dotted empty: tier:front]")]
    [InlineData("{{or (index .Service.Labels \"none\") \"other\"}}", "other")]
    [InlineData("{{or (index .Service.Labels \"tier\") \"other\"}}", "front")]
    [InlineData("{{and \"a\" \"\" \"b\"}}|{{and \"a\" \"b\"}}", "|b")]
    [InlineData("{{(.Task.Slot)}}{{((print (\"a\")))}}", "2a")]
    [InlineData("{{(.Task.Slot) | print}}", "2")]
    public void A_template_becomes_what_Go_makes_of_it(string text, string expected) =>
        Assert.Equal(expected, TextTemplate.Parse(text).Expand(Context));

    [Theory]
    [InlineData("a{{", 1, "the braces are not closed; expected }}")]
    [InlineData("ab{{.Task.Slot", 2, "the braces are not closed")]
    [InlineData("{{.Task.Slot}", 12, "'}' is not expected here")]
    [InlineData("{{}}", 2, "there is no value")]
    [InlineData("{{ }}", 3, "there is no value")]
    [InlineData("{{.Nope}}", 2, "'.Nope' is not known; expected .Service.ID, .Service.Name, ")]
    [InlineData("{{.Task.Colour}}", 2, "'.Task.Colour' is not known")]
    [InlineData("x {{ .task.slot }}", 5, "'.task.slot' is not known")]
    [InlineData("{{.}}", 2, "'.' is not a text")]
    [InlineData("{{$}}", 2, "'.' is not a text")]
    [InlineData("{{.Node.Platform}}", 2, "'.Node.Platform' is not a text")]
    [InlineData("{{.Service.Name.X}}", 2, "'.Service.Name.X' is not known")]
    [InlineData("{{.Service.}}", 11, "there is no name after '.'")]
    [InlineData("{{.Service.Labels.tier}}", 2, "write index .Service.Labels \"tier\"")]
    [InlineData("{{Task.Slot}}", 2, "'Task' is not a function")]
    [InlineData("{{nope .Task.Slot}}", 2, "'nope' is not a function")]
    [InlineData("{{if .Task.Slot}}a{{end}}", 2, "'if' is not supported; expected a value such as .Task.Slot, or one of index, join")]
    [InlineData("{{range .Service.Labels}}{{.}}{{end}}", 2, "'range' is not supported")]
    [InlineData("{{with .Task}}{{end}}", 2, "'with' is not supported")]
    [InlineData("{{end}}", 2, "'end' is not supported")]
    [InlineData("{{eq .Task.Slot \"1\"}}", 2, "'eq' is not supported")]
    [InlineData("{{print (len .Task.Slot)}}", 9, "'len' is not supported")]
    [InlineData("{{.Task.Slot | html}}", 15, "'html' is not supported")]
    [InlineData("{{true}}", 2, "'true' is not supported")]
    [InlineData("{{$x := .Task.Slot}}", 2, "variables such as '$x' are not supported")]
    [InlineData("{{12}}", 2, "numbers are not supported")]
    [InlineData("{{index .Service.Labels 1}}", 24, "numbers are not supported")]
    [InlineData("{{-.Task.Slot}}", 2, "trim markers have a space")]
    [InlineData("{{.Task.Slot-}}", 12, "'-' is not expected here")]
    [InlineData("{{'a'}}", 2, "single quotes")]
    [InlineData("{{\"a}}", 2, "the text is not closed; expected \"")]
    [InlineData("{{\"a\nb\"}}", 2, "the text is not closed")]
    [InlineData("{{`a}}", 2, "the text is not closed; expected `")]
    [InlineData("{{\"a\\q\"}}", 4, "the escape is not supported")]
    [InlineData("{{\"\\x00\"}}", 3, "the escape is not supported")]
    [InlineData("{{\"\\xff\"}}", 3, "the escape is not supported")]
    [InlineData("{{\"\\u12\"}}", 3, "the escape is not supported")]
    [InlineData("{{\"\\", 3, "the escape is not supported")]
    [InlineData("{{/* a }}", 2, "the comment is not closed")]
    [InlineData("{{/* a */ .Task.Slot}}", 9, "a comment is alone in its braces")]
    [InlineData("{{ /* a */}}", 3, "'/' is not supported")]
    [InlineData("{{.Task.Slot .Task.ID}}", 13, "only a function takes arguments")]
    [InlineData("{{\"a\"\"b\"}}", 5, "'\"' is not expected here")]
    [InlineData("{{print(\"a\")}}", 7, "'(' is not expected here")]
    [InlineData("{{.Task.Slot | .Task.ID}}", 15, "only a function can stand after '|'")]
    [InlineData("{{.Task.Slot | }}", 15, "there is no value")]
    [InlineData("{{| print}}", 2, "there is no value")]
    [InlineData("{{(.Task.Slot}}", 2, "the parenthesis is not closed")]
    [InlineData("{{.Task.Slot)}}", 12, "the parenthesis was not opened")]
    [InlineData("{{()}}", 3, "there is no value")]
    [InlineData("{{index .Task.Slot \"a\"}}", 8, "index takes .Service.Labels")]
    [InlineData("{{index}}", 2, "index takes .Service.Labels")]
    [InlineData("{{index .Service.Labels \"a\" \"b\"}}", 28, "index takes one name of a label")]
    [InlineData("{{index .Service.Labels .Service.Labels}}", 24, "index takes texts here")]
    [InlineData("{{join}}", 2, "join takes a separator")]
    [InlineData("{{join \"-\" .Service.Labels}}", 11, "join takes texts here")]
    [InlineData("{{or}}", 2, "or takes at least one text")]
    [InlineData("{{printf .Task.Slot}}", 9, "printf takes a format that is written out")]
    [InlineData("{{printf \"%d\" .Task.Slot}}", 9, "printf supports %s, %v and %%")]
    [InlineData("{{printf \"100%\"}}", 9, "printf supports %s, %v and %%")]
    [InlineData("{{printf \"%s %s\" .Task.Slot}}", 9, "fewer values")]
    [InlineData("{{printf \"%s\" .Task.Slot .Task.ID}}", 25, "more values")]
    public void A_mistake_is_found_when_the_template_is_read_and_has_its_position(string text, int position, string says)
    {
        var error = Assert.Throws<TemplateSyntaxException>(() => TextTemplate.Parse(text));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(position, error.Position);
        Assert.False(TextTemplate.TryParse(text, out var template, out var same));
        Assert.Null(template);
        Assert.Equal(error.Message, same.Message);
    }

    /// <summary>A spec holds half a million characters: none of them may end the manager.</summary>
    [Theory]
    [InlineData("(")]
    [InlineData("print | ")]
    [InlineData("print (print | ")]
    public void Nesting_has_an_end(string step)
    {
        var error = Assert.Throws<TemplateSyntaxException>(() => TextTemplate.Parse("{{" + string.Concat(Enumerable.Repeat(step, 60_000))));
        Assert.Contains("at most 32 pipes and parentheses", error.Message, StringComparison.Ordinal);
        var most = "{{\"a\"" + string.Concat(Enumerable.Repeat(" | print", 32)) + "}}";
        Assert.Equal("aa", TextTemplate.Parse(most + most).Expand(Context));
    }

    [Theory]
    [InlineData("{{index .Service.Labels \"large\"}}")]
    [InlineData("{{.Service.Labels}}")]
    public void A_result_has_an_end(string action)
    {
        var context = Context with { ServiceLabels = ValueMap.Empty.With("large", new string('x', 100_000)) };
        Assert.Equal(100_000, TextTemplate.Parse("{{index .Service.Labels \"large\"}}").Expand(context).Length);
        var many = TextTemplate.Parse(string.Concat(Enumerable.Repeat(action, 10_000)));
        Assert.Equal("InvalidTemplate", Assert.Throws<SwarmException>(() => many.Expand(context)).ErrorId);
        var one = TextTemplate.Parse($"{{{{join \"\" {string.Concat(Enumerable.Repeat("(print .Service.Labels) ", 15))}}}}}");
        Assert.Equal("InvalidTemplate", Assert.Throws<SwarmException>(() => one.Expand(context)).ErrorId);
    }

    /// <summary>Every text is read or refused, and what is read can be expanded.</summary>
    [Fact]
    public void Any_text_is_read_or_refused()
    {
        string[] pieces =
        [
            "{{",
            "}}",
            " ",
            "-",
            ".Task.Slot",
            ".Service.Labels",
            "index",
            "print",
            "printf",
            "\"",
            "\"%s\"",
            "`",
            "\\",
            "(",
            ")",
            "|",
            "/*",
            "*/",
            "$",
            "x",
            "\n",
            "\0",
            "1",
        ];
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var read = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var text = "{{" + string.Concat(random.GetItems(pieces, random.Next(1, 12))) + "}}";
            try
            {
                if (TextTemplate.TryParse(text, out var template, out var error))
                {
                    template.Expand(Context);
                    read++;
                }
                else
                {
                    Assert.InRange(error.Position, 0, text.Length);
                }
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"Seed {seed}: '{text}': {e}");
            }
        }
        Assert.True(read > 100, $"Seed {seed}: only {read} texts were read.");
    }
}
