using System.Text;

namespace Swarm.Host.Systems;

/// <summary>A call of a program of the host. Its text shows exactly the command that is run.</summary>
public sealed class ToolCommand(string program, params string[] arguments)
{
    public string Program { get; } = program;
    public IReadOnlyList<string> Arguments { get; } = arguments;

    /// <summary>The standard input.</summary>
    public string? Input { get; init; }

    /// <summary>The time after which the program and its children are killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The command as a person would type it in a POSIX shell.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Quote(Program));
        foreach (var argument in Arguments)
        {
            text.Append(' ').Append(Quote(argument));
        }
        return Input is null ? text.ToString() : $"{text} <<'EOF'\n{Input.TrimEnd('\n')}\nEOF";
    }

    internal static string Quote(string text) =>
        text.Length > 0 && text.All(static c => char.IsAsciiLetterOrDigit(c) || "-_=/.:,@%+".Contains(c))
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

/// <summary>The result of a program.</summary>
/// <param name="ExitCode">0 is success.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>The program's explanation of a failure: the last lines of its error output, else of its output.</summary>
    public string Reason
    {
        get
        {
            var said = (Error.Trim().Length > 0 ? Error : Output).Split(
                '\n',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            );
            return said.Length == 0 ? $"exit code {ExitCode}" : string.Join(" ", said.TakeLast(4));
        }
    }
}
