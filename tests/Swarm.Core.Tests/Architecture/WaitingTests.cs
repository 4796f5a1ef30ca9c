using System.Text.RegularExpressions;

namespace Swarm.Core.Tests.Architecture;

/// <summary>Tests wait by Deadline, or by a wait of their own with a limit and a name. A hang would end the run and name nothing.</summary>
public sealed partial class WaitingTests
{
    [Fact]
    public async Task A_wait_in_vain_ends_and_names_what_was_waited_for()
    {
        var never = new TaskCompletionSource<int>();
        var e = await Assert.ThrowsAsync<TimeoutException>(() =>
            Deadline.WaitAsync((Task)never.Task, "the agent's session to open", TimeSpan.FromMilliseconds(1))
        );
        Assert.Equal("Waited 0.001 s in vain for the agent's session to open.", e.Message);
        // The errors of what is waited for are told as they are, its own timeouts among them.
        await Assert.ThrowsAsync<NotSupportedException>(() => Deadline.WaitAsync(Task.FromException(new NotSupportedException()), "x"));
        var own = await Assert.ThrowsAsync<TimeoutException>(() =>
            Deadline.WaitAsync(Task.FromException(new TimeoutException("own")), "x")
        );
        Assert.Equal("own", own.Message);
        Assert.Equal(7, await Deadline.WaitAsync(Task.FromResult(7), "x"));
    }

    [Fact]
    public void No_test_waits_without_a_deadline_that_names_it()
    {
        var tests = Path.Combine(RepositoryFolder.Path, "tests");
        var found = new List<string>();
        foreach (
            var file in Directory
                .EnumerateFiles(tests, "*.cs", SearchOption.AllDirectories)
                .Where(f => IsOfTests(Path.GetRelativePath(tests, f)))
        )
        {
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
            {
                // A long call begins on one of the two lines before. A comment there may say why there is no deadline.
                if (Wait().IsMatch(lines[i]) && !lines[Math.Max(0, i - 2)..(i + 1)].Any(static l => Limited().IsMatch(l)))
                {
                    found.Add($"{Path.GetRelativePath(tests, file)}:{i + 1}: {lines[i].Trim()}");
                }
            }
        }
        Assert.True(found.Count == 0, "Wait by Deadline.WaitAsync(task, what):\n" + string.Join('\n', found));
    }

    [Theory]
    [InlineData("await begun.Task;")]
    [InlineData("Assert.Equal(1, await begun.Task);")]
    [InlineData("await begun.Task.WaitAsync(Cancel);")]
    [InlineData("await process.WaitForExitAsync(Cancel);")]
    [InlineData("process.WaitForExit();")]
    [InlineData("await foreach (var e in call.ResponseStream.ReadAllAsync(Cancel))")]
    [InlineData("while (await call.ResponseStream.MoveNext(Cancel)) { }")]
    [InlineData("await leaving.WaitAsync(TimeSpan.FromSeconds(100), Cancel);")]
    [InlineData("var next = await channel.Reader.ReadAsync(Cancel);")]
    public void A_bare_wait_is_seen(string line) => Assert.Matches(Wait(), line);

    private static bool IsOfTests(string path)
    {
        var parts = path.Split(Path.DirectorySeparatorChar);
        return parts[0].EndsWith(".Tests", StringComparison.Ordinal)
            && !parts.Contains("bin")
            && !parts.Contains("obj")
            && parts[^1] != "WaitingTests.cs";
    }

    [GeneratedRegex("""Deadline\.|// No deadline: .""")]
    private static partial Regex Limited();

    [GeneratedRegex(
        """
            await\ [\w.]+\.Task\b(?!\(|\.When)
            |\.Task\.WaitAsync\(
            |(?<!LongDelay)\.WaitAsync\(TimeSpan\.
            |\.WaitForExitAsync\(
            |\.WaitForExit\(\)
            |\.ReadAllAsync\(
            |\.MoveNext\(
            |\.Reader\.ReadAsync\(
            """,
        RegexOptions.IgnorePatternWhitespace
    )]
    private static partial Regex Wait();
}
