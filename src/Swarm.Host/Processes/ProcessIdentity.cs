using System.Globalization;

namespace Swarm.Host.Processes;

/// <summary>Identifies a Linux process even after its pid was reused: boot id, pid and start time (clock ticks since boot). A process with
/// another start time is nobody's.</summary>
/// <param name="BootId">The kernel's <c>boot_id</c>, which is another one after every start of the machine.</param>
/// <param name="Pid">The process id.</param>
/// <param name="StartTime">Clock ticks since the boot of the machine.</param>
public sealed record ProcessIdentity(string BootId, int Pid, ulong StartTime)
{
    private static readonly Lazy<string> LazyBootId = new(static () => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());

    public static string CurrentBootId => LazyBootId.Value;

    /// <summary>The process still runs: same boot, same pid, same start time, and not a zombie.</summary>
    public bool IsAlive => BootId == CurrentBootId && ProcStat.Of(Pid) is { HasEnded: false } stat && stat.StartTime == StartTime;

    /// <summary>A process that was just read.</summary>
    public static ProcessIdentity Of(ProcStat stat) => new(CurrentBootId, stat.Pid, stat.StartTime);

    /// <summary>The process that has this pid now; null when there is none.</summary>
    public static ProcessIdentity? Of(int pid) => ProcStat.Of(pid) is { HasEnded: false } stat ? Of(stat) : null;

    /// <summary>Reads a file with a record: the boot id, a space, and the line of <c>/proc/PID/stat</c>. Null: missing or not complete
    /// yet.</summary>
    public static ProcessIdentity? Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && text.EndsWith('\n') && ProcStat.Parse(text[(space + 1)..]) is { } stat
            ? new ProcessIdentity(text[..space], stat.Pid, stat.StartTime)
            : null;
    }

    /// <summary>Reads the form of <see cref="ToString"/>; null for any other text.</summary>
    public static ProcessIdentity? Parse(string text)
    {
        var parts = text.Split(' ');
        return
            parts is [{ Length: > 0 } boot, var pid, var started]
            && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && ulong.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            ? new ProcessIdentity(boot, number, ticks)
            : null;
    }

    /// <summary>Boot id, pid and start time with a space between them.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{BootId} {Pid} {StartTime}");
}
