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

    /// <summary>Takes <c>SIGTERM</c>, <c>TERM</c>, <c>15</c> and, as Docker does, <c>RTMIN+3</c>.</summary>
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
        if (name.StartsWith("RTMIN", StringComparison.Ordinal))
        {
            signal = 34;
            if (name.Length == 5)
            {
                return true;
            }
            var ok =
                name[5] == '+'
                && int.TryParse(name.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                && offset <= 30;
            signal += ok ? int.Parse(name.AsSpan(6), CultureInfo.InvariantCulture) : 0;
            return ok;
        }
        signal = name.Length == 0 ? -1 : Array.IndexOf(Names, name);
        return signal > 0;
    }

    [LibraryImport("libc")]
    internal static partial uint geteuid();
}
