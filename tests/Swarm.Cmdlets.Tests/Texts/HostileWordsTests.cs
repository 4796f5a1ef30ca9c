using Grpc.Core;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Texts;

/// <summary>Prompts, previews, progress, warnings, errors and completions that repeat a text of a node.</summary>
public sealed class HostileWordsTests
{
    [Fact]
    public async ValueTask An_error_that_repeats_it()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Refusal = FakeControl.Refuse(StatusCode.NotFound, "NodeNotFound", HostileText.Value, "", HostileText.Value);
        var error = shell.Run("Get-SwarmNode w1").Error;
        Assert.Contains(@"a\e[31m", error.Exception.Message, StringComparison.Ordinal);
        Assert.All([error.ToString(), error.Exception.Message, error.CategoryInfo.ToString()], AssertPlain);
        shell.Fake.Refusal = null;
        error = shell.Run("Get-SwarmSandbox $name", ("name", "x\e\a")).Error;
        Assert.All([error.ToString(), error.Exception.Message, error.CategoryInfo.ToString()], AssertPlain);
        // The data is there for a script.
        Assert.Equal("x\e\a", ((SwarmException)error.Exception).Target);
    }

    [Fact]
    public async ValueTask A_sentence_of_several_lines_keeps_them()
    {
        await using var shell = await Shell.StartAsync();
        const string Message = "expected a value\n  node.role==\n            ^";
        shell.Fake.Refusal = FakeControl.Refuse(StatusCode.InvalidArgument, "InvalidConstraint", Message, "", "Correct it.");
        Assert.StartsWith(Message, shell.Run("Get-SwarmNode w1").Error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Remove-SwarmNode node1id -WhatIf")]
    [InlineData("Set-SwarmNode node1id -Label @{ \"a`e[31m\" = 'b' } -WhatIf")]
    [InlineData("Remove-SwarmNode node1id -Force -WhatIf -InformationAction Continue")]
    public async ValueTask A_preview(string script)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Nodes[1].Name = HostileText.Value;
        shell.Run(script).ThrowIfFailed();
        Assert.Contains(@"\e", shell.Screen, StringComparison.Ordinal);
        Assert.DoesNotContain("\nFAKE", shell.Screen, StringComparison.Ordinal);
        AssertPlain(shell.Screen.Replace("\n", "\n ", StringComparison.Ordinal).TrimEnd());
    }

    [Fact]
    public async ValueTask A_question()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Nodes[1].Name = HostileText.Value;
        // The host answers no question, and repeats it.
        var error = shell.Run("Remove-SwarmNode node1id -Confirm").Error;
        Assert.Contains(@"a\e[31m", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\e', error.ToString());
        Assert.DoesNotContain("\nFAKE", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask Progress()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Nodes[1].Name = HostileText.Value;
        var progress = shell.Run("Set-SwarmNode node1id -Availability Active -Wait").ThrowIfFailed().Progress;
        Assert.NotEmpty(progress);
        Assert.All(progress, p => AssertPlain(p.Activity + p.StatusDescription));
    }

    [Fact]
    public async ValueTask A_warning_of_a_join()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.JoinWarnings.Add(HostileText.Value);
        var warning = Assert.Single(shell.Run("Join-Swarm SWMTKN-1-a-b 127.0.0.1").ThrowIfFailed().Warnings);
        Assert.StartsWith(@"a\e[31m", warning, StringComparison.Ordinal);
        AssertPlain(warning);
    }

    [Fact]
    public async ValueTask A_completion()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Nodes[1].Name = HostileText.Value;
        var names = shell
            .Run(
                "(TabExpansion2 'Get-SwarmNode ' 14).CompletionMatches | ForEach-Object { $_.CompletionText + $_.ListItemText + $_.ToolTip }"
            )
            .As<string>();
        Assert.NotEmpty(names);
        Assert.All(names, AssertPlain);
    }

    /// <summary>The words of a cmdlet that is written tomorrow.</summary>
    [Fact]
    public void Every_cmdlet_speaks_through_its_base()
    {
        var folder = Path.Combine(RepositoryFolder.Path, "src", "Swarm.Cmdlets");
        string[] past = ["base.Write", "base.Should", "Host.UI", "WriteCommandDetail("];
        var found =
            from file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            where
                Path.GetFileName(file) != "AsyncCmdlet.cs"
                && !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}")
            from line in File.ReadLines(file)
            where past.Any(p => line.Contains(p, StringComparison.Ordinal))
            select $"{file}: {line.Trim()}";
        Assert.Empty(found);
        Assert.All(
            typeof(AsyncCmdlet).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Cmdlet))),
            t => Assert.True(t == typeof(AsyncCmdlet) || t.IsSubclassOf(typeof(AsyncCmdlet)), $"{t} speaks past {nameof(AsyncCmdlet)}.")
        );
    }

    private static void AssertPlain(string text) => Assert.Equal(VisibleText.Lines(text), text);
}
