namespace Swarm.Agent.Journal;

internal static partial class JournalLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Task file {Path} cannot be read and is ignored: {Reason}")]
    public static partial void TaskFileIgnored(this ILogger logger, string path, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Bytes} bytes of the tasks' journal {Path} are damaged and are ignored. The manager's set tells again what they held."
    )]
    public static partial void JournalDamaged(this ILogger logger, string path, int bytes);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The tasks' journal {Path} cannot be written, and is tried again every second. The tasks go on: {Reason}"
    )]
    public static partial void JournalNotWritten(this ILogger logger, string path, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The tasks' journal {Path} is written again.")]
    public static partial void JournalWritten(this ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The tasks' journal {Path} cannot be read and is begun anew: {Reason}")]
    public static partial void JournalIgnored(this ILogger logger, string path, string reason);
}
