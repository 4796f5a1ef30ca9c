using System.Globalization;

namespace Swarm.Agent.Executors.Process;

/// <summary>Identifies a process even after its pid was reused: boot id, pid and start time (clock ticks since boot).</summary>
public sealed record ProcessIdentity(string BootId, int Pid, ulong StartTime)
{
    private static readonly Lazy<string> LazyBootId = new(() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());

    public static string CurrentBootId => LazyBootId.Value;

    /// <summary>Reads the scripts' record: the boot id, a space, and the line of <c>/proc/PID/stat</c>. Null: missing or not complete
    /// yet.</summary>
    public static ProcessIdentity? Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null;
        }
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && text.EndsWith('\n') && ProcStat.Parse(text[(space + 1)..]) is { } stat
            ? new ProcessIdentity(text[..space], stat.Pid, stat.StartTime)
            : null;
    }

    /// <summary>The process still runs: same boot, same pid, same start time, and not a zombie.</summary>
    public bool IsAlive =>
        BootId == CurrentBootId && ProcStat.Of(Pid) is { } stat && stat.StartTime == StartTime && stat.State is not ('Z' or 'X');
}

/// <summary>The fields of <c>/proc/PID/stat</c> that matter here. Source: proc(5).</summary>
public readonly record struct ProcStat(int Pid, char State, int Session, ulong StartTime)
{
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

    public static ProcStat? Parse(string line)
    {
        // The command name stands in parentheses and may hold anything; fields are counted after the last one.
        var open = line.IndexOf('(', StringComparison.Ordinal);
        var close = line.LastIndexOf(')');
        if (open <= 0 || close < open)
        {
            return null;
        }
        var fields = line[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return
            fields.Length > 19
            && int.TryParse(line.AsSpan(0, open).Trim(), CultureInfo.InvariantCulture, out var pid)
            && int.TryParse(fields[3], CultureInfo.InvariantCulture, out var session)
            && ulong.TryParse(fields[19], CultureInfo.InvariantCulture, out var started)
            ? new ProcStat(pid, fields[0][0], session, started)
            : null;
    }

    /// <summary>Every process of a session.</summary>
    public static List<ProcStat> OfSession(int session)
    {
        var found = new List<ProcStat>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (
                int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && Of(pid) is { } stat
                && stat.Session == session
                && stat.State is not ('Z' or 'X')
            )
            {
                found.Add(stat);
            }
        }
        return found;
    }
}
