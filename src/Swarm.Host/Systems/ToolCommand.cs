using System.Text;

namespace Swarm.Host.Systems;

/// <summary>One call of a program of the host: what is run is exactly what is shown.</summary>
public sealed class ToolCommand(string program, params string[] arguments)
{
    public string Program { get; } = program;
    public IReadOnlyList<string> Arguments { get; } = arguments;

    /// <summary>Given on the standard input.</summary>
    public string? Input { get; init; }

    /// <summary>A program that has not ended by then is ended, with its children.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>As one would type it in a POSIX shell.</summary>
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

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">0 is success.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>What the program said about its failure: the last lines of its error output, else of its output.</summary>
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
