using System.Globalization;
using System.Runtime.InteropServices;

namespace Swarm.Agent.Executors.Process;

/// <summary>Linux signals by name and number.</summary>
internal static partial class PosixSignal
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Term = 15;

    private static readonly string[] Names =
    [
        "",
        "HUP",
        "INT",
        "QUIT",
        "ILL",
        "TRAP",
        "ABRT",
        "BUS",
        "FPE",
        "KILL",
        "USR1",
        "SEGV",
        "USR2",
        "PIPE",
        "ALRM",
        "TERM",
        "STKFLT",
        "CHLD",
        "CONT",
        "STOP",
        "TSTP",
        "TTIN",
        "TTOU",
        "URG",
        "XCPU",
        "XFSZ",
        "VTALRM",
        "PROF",
        "WINCH",
        "IO",
        "PWR",
        "SYS",
    ];

    /// <summary>Other names of the same signals. Source: signal(7).</summary>
    private static readonly Dictionary<string, int> OtherNames = new(StringComparer.Ordinal)
    {
        ["CLD"] = 17,
        ["IOT"] = 6,
        ["POLL"] = 29,
    };

    private const int FirstRealTime = 34;
    private const int LastRealTime = 64;

    /// <summary>Takes <c>SIGTERM</c>, <c>TERM</c>, <c>15</c> and, as Docker does, <c>RTMIN+3</c> and <c>RTMAX-3</c>: everything that a spec may have.</summary>
    public static bool TryParse(string text, out int signal)
    {
        var name = text.Trim().ToUpperInvariant();
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out signal))
        {
            return signal is > 0 and <= 64;
        }
        if (name.StartsWith("SIG", StringComparison.Ordinal))
        {
            name = name[3..];
        }
        if (name.StartsWith("RTMIN", StringComparison.Ordinal) || name.StartsWith("RTMAX", StringComparison.Ordinal))
        {
            var fromLast = name[4] == 'X';
            signal = fromLast ? LastRealTime : FirstRealTime;
            if (name.Length == 5)
            {
                return true;
            }
            if (
                name[5] != (fromLast ? '-' : '+')
                || !int.TryParse(name.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                || offset > LastRealTime - FirstRealTime
            )
            {
                return false;
            }
            signal += fromLast ? -offset : offset;
            return true;
        }
        signal =
            name.Length == 0 ? -1
            : OtherNames.TryGetValue(name, out var number) ? number
            : Array.IndexOf(Names, name);
        return signal > 0;
    }

    [LibraryImport("libc")]
    internal static partial uint geteuid();
}
