using System.Globalization;

namespace Swarm.Host.Processes;

/// <summary>The fields of <c>/proc/PID/stat</c> that matter here. Source: proc(5).</summary>
/// <param name="Pid">The process id.</param>
/// <param name="State">The kernel's letter for its state: R runs, S sleeps, Z has ended, and so on.</param>
/// <param name="Parent">The process id of the parent.</param>
/// <param name="Session">The process id of the session's first process.</param>
/// <param name="StartTime">Clock ticks since the boot of the machine.</param>
public readonly record struct ProcStat(int Pid, char State, int Parent, int Session, ulong StartTime)
{
    /// <summary>It has ended, and only its entry in the table of processes is left.</summary>
    public bool HasEnded => State is 'Z' or 'X';

    /// <summary>The process with this id; null when there is none, or this user may not read it.</summary>
    public static ProcStat? Of(int pid)
    {
        try
        {
            return Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Null when the line is not of that form.</summary>
    public static ProcStat? Parse(string line)
    {
        // The command name stands in parentheses and may hold anything; fields are counted after the last one.
        var open = line.IndexOf('(', StringComparison.Ordinal);
        var close = line.LastIndexOf(')');
        if (open <= 0 || close < open)
        {
            return null;
        }
        var fields = line[(close + 1)..].Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return
            fields.Length > 19
            && int.TryParse(line.AsSpan(0, open).Trim(), CultureInfo.InvariantCulture, out var pid)
            && int.TryParse(fields[1], CultureInfo.InvariantCulture, out var parent)
            && int.TryParse(fields[3], CultureInfo.InvariantCulture, out var session)
            && ulong.TryParse(fields[19], CultureInfo.InvariantCulture, out var started)
            ? new ProcStat(pid, fields[0][0], parent, session, started)
            : null;
    }

    /// <summary>Every process of the machine that has not ended; none where there is no <c>/proc</c>.</summary>
    public static List<ProcStat> All()
    {
        var found = new List<ProcStat>();
        foreach (var directory in Directory.Exists("/proc/self") ? Directory.EnumerateDirectories("/proc") : [])
        {
            if (
                int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && Of(pid) is { HasEnded: false } stat
            )
            {
                found.Add(stat);
            }
        }
        return found;
    }

    /// <summary>Every process of a session that has not ended.</summary>
    public static List<ProcStat> OfSession(int session) => All().FindAll(p => p.Session == session);
}
