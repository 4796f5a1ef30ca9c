using System.Text.RegularExpressions;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Views;

/// <summary>Every view at the widths of consoles, in files and in texts, of live objects and of those that a remote session sends.</summary>
public sealed class WidthTests
{
    /// <summary>Texts that a view reads and may leave out, with the reason.</summary>
    private static readonly Dictionary<string, string> NotShown = new()
    {
        ["SwarmEvent.Id"] = "of an object without a name",
        ["InitializeResult.WorkerJoinCommand"] = "on two lines, in another order",
        ["InitializeResult.ManagerJoinCommand"] = "on two lines, in another order",
        ["JoinToken.JoinCommand"] = "on two lines, in another order",
    };

    public static TheoryData<string> Types => [.. ViewFile.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public async ValueTask A_view_keeps_every_text_whole(string name)
    {
        await using var shell = await Shell.StartAsync(daemon: false);
        Copy(shell, Samples.Make(ViewFile.TypeOf(name)));
        foreach (var width in (int[])[80, 120])
        {
            foreach (var view in ViewFile.Of(name))
            {
                var list = view.Element("ListControl") is not null;
                var format = list ? "Format-List" : "Format-Table";
                var live = Show(shell, width, "$live", format);
                Assert.Equal(live, Show(shell, width, "$copy", format));
                Assert.All(live.Split('\n'), l => Assert.True(l.Length < width, $"{l.Length} characters at {width}: {l}"));
                Assert.DoesNotContain('…', live);
                AssertWhole(name, view, live, width - 1 - (list ? LabelWidth(live) : 2));
                if (view == ViewFile.Default(name))
                {
                    Assert.Equal(live, Show(shell, width, "$live", "ForEach-Object { $_ }"));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async ValueTask A_file_and_a_text_have_what_the_console_has(string name)
    {
        await using var shell = await Shell.StartAsync(daemon: false);
        Copy(shell, Samples.Make(ViewFile.TypeOf(name)));
        var file = Path.GetTempFileName();
        try
        {
            foreach (var width in (int[])[80, 120])
            {
                var console = Show(shell, width, "$live", "ForEach-Object { $_ }");
                foreach (var source in (string[])["$live", "$copy"])
                {
                    shell.Run($"{source} | Out-File $file -Width {width - 1}", ("file", file)).ThrowIfFailed();
                    Assert.Equal(console, Trim(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)));
                    Assert.Equal(console, Trim(shell.Run($"{source} | Out-String -Width {width - 1}").One<string>()));
                }
            }
            // Without -Width a list has no end of its lines, and a table is as wide as the process's console, not its host's.
            var narrow = Show(shell, 80, "$live", "ForEach-Object { $_ }");
            var isList = ViewFile.Default(name).Element("ListControl") is not null;
            foreach (var source in (string[])["$live", "$copy"])
            {
                shell.Run($"{source} > $file").ThrowIfFailed();
                var redirected = Trim(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
                Assert.Equal(Squeeze(narrow), Squeeze(redirected));
                AssertWhole(name, ViewFile.Default(name), redirected, isList ? int.MaxValue : 77);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async ValueTask Names_of_states_survive_in_the_values_too()
    {
        await using var shell = await Shell.StartAsync(daemon: false);
        foreach (var type in ViewFile.Types.Select(ViewFile.TypeOf))
        {
            var value = Samples.Make(type);
            Copy(shell, value);
            foreach (var property in type.GetProperties())
            {
                if (property.GetValue(value) is System.Enum state)
                {
                    Assert.True(shell.Run($"$copy.{property.Name} -eq '{state}'").One<bool>(), $"{type}.{property.Name}");
                }
            }
        }
    }

    [Theory]
    [InlineData("", "a b c")]
    [InlineData("a text behind it", "a b c a text behind it")]
    public void A_row_that_fits_is_one_line(string text, string expected) =>
        Assert.Equal(expected, Display.Row(null, [1, 1], ["a", "b", "c"], text));

    [Fact]
    public void What_does_not_fit_begins_a_line_and_stays_whole()
    {
        var (at2, at13, at24) = (new string(' ', 2), new string(' ', 13), new string(' ', 24));
        Assert.Equal($"id{at13[2..]}{X(40)}\n{at24}{X(40)}", Display.Row(null, [12, 10], ["id", X(40), X(40)], ""));
        Assert.Equal($"id{at13[2..]}{X(60)}\n{at13}{X(60)}", Display.Row(null, [12, 10], ["id", X(60), X(60)], null));
        Assert.Equal($"id\n{at2}{X(77)}\n{at24}web", Display.Row(null, [12, 10], ["id", X(77), "web"], null));
        Assert.Equal($"{X(90)}\n{at13}{X(40)} web", Display.Row(null, [12, 10], [X(90), X(40), "web"], null));
        Assert.Equal($"id\n{at13}{X(60)}\n{at13}{X(60)}", Display.Row(null, [12], ["id"], $"{X(60)} {X(60)}"));
        Assert.Equal($"id{at13[2..]}no\n{at13}why", Display.Row(null, [12], ["id"], (string?[])["no", null, "why"]));
        // A first column that is wider than an id.
        Assert.Equal($"node{at13}    {X(58)}\n    {X(60)}", Display.Row(null, [20], ["node"], (string?[])[X(58), X(60)]));
    }

    private static string X(int length) => new('x', length);

    private static void AssertWhole(string name, System.Xml.Linq.XElement view, string shown, int room)
    {
        var type = ViewFile.TypeOf(name);
        var script = ViewFile.ScriptOf(view);
        var squeezed = Squeeze(shown);
        foreach (var property in ViewFile.PropertiesIn(script).Where(p => !NotShown.ContainsKey($"{name}.{p}")))
        {
            var value = type.GetProperty(property)?.GetValue(Samples.Make(type));
            string[] texts = value switch
            {
                string text when script.Contains($"ShortId($_.{property})", StringComparison.Ordinal) => [text[..12]],
                string text when script.Contains($"Image($_.{property})", StringComparison.Ordinal) =>
                [
                    text[..text.IndexOf('@', StringComparison.Ordinal)],
                ],
                string text => [text],
                string[] many => many,
                System.Enum word => [word.ToString()],
                DateTime or null => [],
                _ => [],
            };
            foreach (var text in texts)
            {
                if (value is System.Enum)
                {
                    Assert.Contains(text, squeezed.Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
                }
                else if (text.Length <= room && !text.Contains(' ', StringComparison.Ordinal))
                {
                    Assert.Contains(text, shown, StringComparison.Ordinal);
                }
                else
                {
                    Assert.Contains(Squeeze(text), squeezed, StringComparison.Ordinal);
                }
            }
        }
    }

    /// <summary>The object, and what a job or a file makes of it, as $live and $copy.</summary>
    private static void Copy(Shell shell, object value)
    {
        const string Script = """
            $PSStyle.OutputRendering = 'PlainText'
            $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($live, 2))
            $copy.PSTypeNames[0]
            """;
        Assert.Equal("Deserialized." + value.GetType().FullName, shell.Run(Script, ("live", value)).One<string>());
    }

    private static string Show(Shell shell, int width, string source, string format)
    {
        var before = shell.Screen.Length;
        shell
            .Run($"$Host.UI.RawUI.BufferSize = [Management.Automation.Host.Size]::new({width}, 50); {source} | {format} | Out-Default")
            .ThrowIfFailed();
        return Trim(shell.Screen[before..]);
    }

    private static int LabelWidth(string list) => Regex.Match(list, @"^[^\n]*? : ").Length;

    private static string Trim(string text) =>
        string.Join('\n', Regex.Replace(text, @"\x1b\[[0-9;]*m", "").Split('\n').Select(l => l.TrimEnd())).Trim('\n');

    private static string Squeeze(string text) => Regex.Replace(text, @"\s", "");
}
