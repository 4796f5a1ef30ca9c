using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Swarm.Daemon.Hosting;

namespace Swarm.Daemon.Tests.Texts;

/// <summary>Texts of nodes and engines in swarmd's log.</summary>
public sealed class PlainLogTests
{
    private const string Hostile = "w1\e[2J\e]0;mine\a\n2026-01-01T00:00:00.000Z info: FAKE\r\u009b31m\u202Ex\u2028y";

    public static TheoryData<string> Formats => [ConsoleFormatterNames.Simple, ConsoleFormatterNames.Json, ConsoleFormatterNames.Systemd];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_record_is_one_line_of_plain_characters(string format)
    {
        var formatter = DaemonLogging.Formatters().Single(f => f.Name == format);
        using var log = new StringWriter();
        var entry = new LogEntry<string>(
            LogLevel.Error,
            "Swarm",
            0,
            Hostile,
            new InvalidOperationException(Hostile, new IOException(Hostile)),
            static (state, _) => state
        );
        formatter.Write(entry, null, log);
        var written = log.ToString();
        Assert.EndsWith(Environment.NewLine, written, StringComparison.Ordinal);
        var line = written[..^Environment.NewLine.Length];
        Assert.True(VisibleText.IsPlain(line), VisibleText.Of(line));
        Assert.Contains("w1", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_without_a_message_writes_nothing()
    {
        using var log = new StringWriter();
        var entry = new LogEntry<string>(LogLevel.Error, "Swarm", 0, "", null, static (_, _) => null!);
        DaemonLogging.Formatters().Single(f => f.Name == ConsoleFormatterNames.Simple).Write(entry, null, log);
        Assert.Equal("", log.ToString());
    }
}
