using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;
using System.Text.RegularExpressions;

namespace Swarm;

/// <summary>Texts for values in the views of this module.</summary>
public static class Display
{
    private static readonly Regex Digest = new("@sha256:[0-9a-f]{64}", RegexOptions.CultureInvariant);
    private static readonly Regex Join = new("^(Join-Swarm)( -Token \\S+)( -RemoteAddress .*)$", RegexOptions.CultureInvariant);

    /// <summary>A value as a view shows it, with visible escapes for control characters: nodes and engines wrote the texts.</summary>
    public static string Text(object? value) => VisibleText.Of(value?.ToString());

    /// <summary>The name of an enum's value, also where a remote session or a file gave its number: that object's text is the name.</summary>
    public static string Name(PSObject? value) => Text(value?.ToString());

    /// <summary>A row of a table, on as many lines as it takes. See <see cref="RowLayout"/>.</summary>
    /// <param name="host">Its width is used where it has one. Redirected output of a console has the console's.</param>
    /// <param name="columns">The widths of the columns; the last cell needs none.</param>
    /// <param name="cells">The texts of the cells; null is empty.</param>
    /// <param name="text">A text, or several, behind or below the cells; null is none.</param>
    public static string Row(PSHost? host, int[] columns, string?[] cells, object? text)
    {
        object?[] texts = text is IEnumerable and not string ? [.. ((IEnumerable)text).Cast<object?>()] : [text];
        return RowLayout.Lay(WidthOf(host), columns, cells, texts.Select(t => t?.ToString() ?? ""));
    }

    /// <summary>The values as a view shows them, one after another.</summary>
    /// <param name="values">Any objects; null is empty.</param>
    /// <param name="separator">Between two of them.</param>
    public static string List(IEnumerable? values, string separator) =>
        string.Join(separator, (values ?? Array.Empty<object>()).Cast<object?>().Select(Text));

    /// <summary>Names and values as a view shows them: <c>a=1, b=2</c>.</summary>
    public static string Map(IDictionary? entries)
    {
        var shown = new List<string>();
        foreach (DictionaryEntry entry in entries ?? new Dictionary<string, string>())
        {
            shown.Add($"{Text(entry.Key)}={Text(entry.Value)}");
        }
        // A deserialized object has a hash table, which has an order of its own.
        shown.Sort(StringComparer.Ordinal);
        return string.Join(", ", shown);
    }

    /// <summary>"4 minutes ago", in Docker's words; empty for null.</summary>
    public static string Age(DateTime? time) => Age(time, DateTime.UtcNow);

    /// <summary>As <see cref="Age(DateTime?)"/>, seen from <paramref name="now"/> (UTC).</summary>
    public static string Age(DateTime? time, DateTime now) => time is null ? "" : Span(now - time.Value.ToUniversalTime()) + " ago";

    /// <summary>"3 months": steps and words of docker/go-units HumanDuration.</summary>
    public static string Span(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        var minutes = (long)span.TotalMinutes;
        var hours = (long)Math.Round(span.TotalHours, MidpointRounding.AwayFromZero);
        return seconds switch
        {
            < 1 => "less than a second",
            1 => "1 second",
            < 60 => $"{seconds} seconds",
            _ when minutes == 1 => "about a minute",
            _ when minutes < 60 => $"{minutes} minutes",
            _ when hours == 1 => "about an hour",
            _ when hours < 48 => $"{hours} hours",
            _ when hours < 24 * 7 * 2 => $"{hours / 24} days",
            _ when hours < 24 * 30 * 2 => $"{hours / 24 / 7} weeks",
            _ when hours < 24 * 365 * 2 => $"{hours / 24 / 30} months",
            _ => $"{(long)(span.TotalDays / 365)} years",
        };
    }

    /// <summary>The image without its digest.</summary>
    public static string Image(string? image)
    {
        var at = image?.IndexOf('@', StringComparison.Ordinal) ?? -1;
        return Text(at < 0 ? image : image![..at]);
    }

    /// <summary>The changes of a revision: see <see cref="Change"/>.</summary>
    public static string Changes(IEnumerable? changes) =>
        string.Join("; ", (changes ?? Array.Empty<object>()).Cast<object?>().Select(c => Change(c?.ToString())));

    /// <summary>A change of a revision, with the names of the parameters and without digests: "Image: redis:3.0.6 ->
    /// redis:3.0.7".</summary>
    public static string Change(string? change) => Digest.Replace(Text(change), "").Replace("Container.", "", StringComparison.Ordinal);

    /// <summary>A join command on two lines that can be pasted, because its token makes it longer than a line.</summary>
    public static string JoinCommand(string? command) =>
        Join.Replace(Text(command), m => $"{m.Groups[1].Value}{m.Groups[3].Value} `{Environment.NewLine} {m.Groups[2].Value}");

    /// <summary>The first twelve characters of an id.</summary>
    public static string ShortId(string? id) =>
        id is null ? ""
        : id.Length <= 12 ? Text(id)
        : Text(id[..12]);

    /// <summary>Docker's spelling: 10s, 1m30s, 500ms, 0s.</summary>
    public static string Duration(TimeSpan span)
    {
        if (span == TimeSpan.Zero)
        {
            return "0s";
        }
        var text = new StringBuilder(span < TimeSpan.Zero ? "-" : "");
        span = span.Duration();
        Append(text, (long)span.TotalHours, "h");
        Append(text, span.Minutes, "m");
        var seconds = span.Seconds + (span.Ticks % TimeSpan.TicksPerSecond / (double)TimeSpan.TicksPerSecond);
        if (span < TimeSpan.FromSeconds(1))
        {
            text.Append(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.####}ms");
        }
        else if (seconds > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{seconds:0.#######}s");
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, long value, string unit)
    {
        if (value > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{value}{unit}");
        }
    }

    /// <summary>"512 MiB", "1.5 GiB"; empty for 0.</summary>
    public static string Size(long bytes)
    {
        if (bytes == 0)
        {
            return "";
        }
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        double value = bytes;
        var unit = 0;
        while (value >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {units[unit]}");
    }

    /// <summary>The words of an enum value, with hyphens: stop-first, rollback-started.</summary>
    public static string Word(Enum? value) => Word(value?.ToString());

    /// <summary>The words of a name in Pascal case: stop-first for StopFirst.</summary>
    public static string Word(string? name)
    {
        var text = new StringBuilder();
        foreach (var c in name ?? "")
        {
            if (char.IsUpper(c) && text.Length > 0)
            {
                text.Append('-');
            }
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }

    /// <summary>The text of a task's node column. It marks a node that is down for a task that has not ended: what such a task does is not
    /// known.</summary>
    /// <param name="node">The node's name.</param>
    /// <param name="nodeState">A <see cref="NodeState"/>, or null.</param>
    /// <param name="state">The <see cref="TaskState"/>.</param>
    public static string TaskNode(string? node, PSObject? nodeState, PSObject? state) =>
        Name(nodeState) == nameof(NodeState.Down) && Enum.TryParse<TaskState>(Name(state), out var s) && s <= TaskState.Running
            ? Text(node) + " (Down)"
            : Text(node);

    /// <summary>The text of a task's error column: its error, or the reason why it is pending.</summary>
    /// <param name="error">The task's error.</param>
    /// <param name="state">The <see cref="TaskState"/>.</param>
    /// <param name="pendingReasons">Of a task that is pending.</param>
    public static string TaskError(string? error, PSObject? state, IEnumerable? pendingReasons)
    {
        if (!string.IsNullOrEmpty(error))
        {
            return Text(error);
        }
        var reasons = List(pendingReasons, "; ");
        return Name(state) == nameof(TaskState.Pending) && reasons.Length > 0 ? $"no suitable node ({reasons})" : "";
    }

    private static int WidthOf(PSHost? host)
    {
        try
        {
            // PowerShell leaves the last column of a console free.
            return Math.Max((host?.UI?.RawUI?.BufferSize.Width ?? 0) - 1, RowLayout.Narrow);
        }
        catch (Exception e) when (e is HostException or NotImplementedException or InvalidOperationException or IOException)
        {
            // A host may have no screen.
            return RowLayout.Narrow;
        }
    }
}
