using System.Management.Automation;

namespace Swarm.BuildHost.Hosting;

/// <summary>An error as a person reads it: who says it, what, and where in the script.</summary>
internal static class ErrorText
{
    public static string Of(ErrorRecord record)
    {
        var message = record.ErrorDetails?.Message is { Length: > 0 } details ? details : record.Exception.Message;
        var who = record.InvocationInfo?.MyCommand?.Name is { Length: > 0 } name ? name + ": " : "";
        var where = record.InvocationInfo is { ScriptName.Length: > 0 } at
            ? $"{Environment.NewLine}    at {at.ScriptName}:{at.ScriptLineNumber}: {at.Line.Trim()}"
            : "";
        var action =
            record.ErrorDetails?.RecommendedAction is { Length: > 0 } advice && !message.Contains(advice, StringComparison.Ordinal)
                ? $"{Environment.NewLine}    {advice}"
                : "";
        return who + message + action + where;
    }

    public static string WithTrace(ErrorRecord record) =>
        Of(record) + (record.ScriptStackTrace is { Length: > 0 } trace ? Environment.NewLine + trace : "");
}
