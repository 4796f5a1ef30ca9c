using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Views;

/// <summary>A row is on the console while the pipeline that wrote it still runs.</summary>
public sealed class StreamTests
{
    public static TheoryData<string> Types => [.. ViewFile.Types];

    [Fact]
    public async ValueTask Watch_shows_an_event_before_the_next_one()
    {
        await using var shell = await Shell.StartAsync();
        using var output = new PSDataCollection<PSObject>();
        // As a console runs what its user types.
        using var watch = shell.Begin("Watch-SwarmEvent | Out-Default", output);
        await Deadline.UntilAsync(
            () => shell.Screen.Contains("state: Starting -> Running", StringComparison.Ordinal),
            "the event to be on the console"
        );
        Assert.Equal(PSInvocationState.Running, watch.InvocationStateInfo.State);
        watch.Stop();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async ValueTask A_view_shows_an_object_before_the_next_one(string name)
    {
        await using var shell = await Shell.StartAsync(daemon: false);
        using var gate = new ManualResetEventSlim();
        var value = Samples.Make(ViewFile.TypeOf(name));
        shell.Run("$null = 0", ("value", value), ("gate", gate), ("cancel", TestContext.Current.CancellationToken)).ThrowIfFailed();
        foreach (var view in ViewFile.Of(name))
        {
            var format = view.Element("ListControl") is null ? "Format-Table" : "Format-List";
            // A piece of its longest text, which stays on one line.
            var text = ViewFile
                .PropertiesIn(ViewFile.ScriptOf(view))
                .Select(p => value.GetType().GetProperty(p)?.GetValue(value))
                .SelectMany(v => v as string[] ?? [v as string ?? ""])
                .MaxBy(t => t.Length)!;
            gate.Reset();
            var before = shell.Screen.Length;
            using var output = new PSDataCollection<PSObject>();
            using var writer = shell.Begin($"& {{ $value; $gate.Wait($cancel) }} | {format} | Out-Default", output);
            try
            {
                await Deadline.UntilAsync(
                    () => shell.Screen[before..].Contains(text[..Math.Min(text.Length, 10)], StringComparison.Ordinal),
                    $"{format} of {name} to be on the console"
                );
                Assert.Equal(PSInvocationState.Running, writer.InvocationStateInfo.State);
            }
            finally
            {
                gate.Set();
                writer.Stop();
            }
        }
    }

    [Fact]
    public void No_view_holds_rows_back()
    {
        Assert.Empty(ViewFile.Views.Descendants("AutoSize"));
        // Without a width of the first column PowerShell waits for rows, to find widths that suit them.
        Assert.All(
            ViewFile.Views.Descendants("TableHeaders").Select(h => h.Elements("TableColumnHeader").First()),
            h => Assert.True(int.TryParse(h.Element("Width")?.Value, out var width) && width > 0, h.ToString())
        );
    }
}
