using System.Xml.Linq;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Texts;

/// <summary>Every view of every type, on objects whose texts command the terminal.</summary>
public sealed class HostileViewTests
{
    private static readonly XDocument Views = XDocument.Load(Path.Combine(ModuleLayout.Folder, "Swarm.Format.ps1xml"));

    /// <summary>The types that scripts get; exceptions and the module's load context have no view.</summary>
    public static TheoryData<string> Types =>
        [
            .. typeof(Swarm.Node)
                .Assembly.GetExportedTypes()
                .Where(t => t is { IsClass: true, IsAbstract: false } && !t.IsSubclassOf(typeof(Exception)) && t != typeof(LoadContext))
                .Where(t => t.GetProperties().Any(p => p.CanWrite && MayHoldText(p.PropertyType)))
                .Select(t => t.Name),
        ];

    [Theory]
    [MemberData(nameof(Types))]
    public async ValueTask A_view_shows_no_control_character(string name)
    {
        var type = typeof(Swarm.Node).Assembly.GetType("Swarm." + name)!;
        var views = Views.Descendants("View").Where(v => v.Descendants("TypeName").Any(t => t.Value == type.FullName)).ToList();
        // Without a view of ours PowerShell shows the texts as they are.
        Assert.Contains(views, v => v.Element("ListControl") is not null);
        await using var shell = await Shell.StartAsync(daemon: false);
        foreach (var set in (bool[])[false, true])
        {
            foreach (var item in views.SelectMany(v => v.Descendants().Where(e => e.Name.LocalName is "TableColumnItem" or "ListItem")))
            {
                var value = item.Element("ScriptBlock")?.Value ?? $"$_.{item.Element("PropertyName")!.Value}";
                var shown = shell
                    .Run($"$value | ForEach-Object {{ {value} }}", ("value", HostileText.Make(type, set)))
                    .ThrowIfFailed()
                    .Output;
                Assert.All(shown, text => AssertPlain(item, text?.ToString() ?? ""));
            }
        }
    }

    [Fact]
    public async ValueTask What_reaches_the_screen_has_no_control_character_and_the_object_has_its_data()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Nodes[1].Labels["zone"] = HostileText.Value;
        shell.Fake.Nodes[1].StateMessage = HostileText.Value;
        shell.Fake.Nodes[1].State = V1.NodeState.Down;
        shell.Run("$PSStyle.OutputRendering = 'Ansi'; Get-SwarmNode | Out-Default").ThrowIfFailed();
        Assert.Contains(@"a\e[31m\e]0;mine\a\nFAKE\rb\u009B32m", shell.Screen, StringComparison.Ordinal);
        Assert.DoesNotContain("\nFAKE", shell.Screen, StringComparison.Ordinal);
        Assert.DoesNotContain("\a", shell.Screen, StringComparison.Ordinal);
        Assert.Equal(HostileText.Value, shell.Run("(Get-SwarmNode worker1).Labels['zone']").One<string>());
    }

    private static void AssertPlain(XElement item, string text)
    {
        // A line of our own is indented.
        Assert.True(VisibleText.Lines(text) == text, $"{item} shows {VisibleText.Of(text)}");
    }

    private static bool MayHoldText(Type type) =>
        type == typeof(string)
        || type.IsArray
        || typeof(System.Collections.IDictionary).IsAssignableFrom(type)
        || (type.Assembly == typeof(Swarm.Node).Assembly && type.IsClass);
}
