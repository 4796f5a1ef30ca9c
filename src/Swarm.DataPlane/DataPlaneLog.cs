using Microsoft.Extensions.Logging;

namespace Swarm.DataPlane;

/// <summary>The data plane's log messages.</summary>
internal static partial class DataPlaneLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "A client of a published port was not accepted: {Reason}")]
    public static partial void NotAccepted(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connections of task {TaskId} are unknown: {Reason}")]
    public static partial void ConnectionsUnknown(this ILogger logger, string taskId, string reason);
}
