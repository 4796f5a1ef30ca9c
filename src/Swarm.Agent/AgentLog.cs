using Swarm.Core.Model;

namespace Swarm.Agent;

internal static partial class AgentLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Session {SessionId} with manager {Address} is open; {Tasks} tasks reported.")]
    public static partial void SessionOpened(this ILogger logger, string sessionId, string address, int tasks);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Session with manager {Address} has ended: {Reason}. Tasks run on; next try in {Milliseconds} ms."
    )]
    public static partial void SessionEnded(this ILogger logger, string address, string reason, int milliseconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "The session met an unexpected error.")]
    public static partial void SessionFault(this ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The executor is away: {Reason}")]
    public static partial void ExecutorAway(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Task {TaskId} is {State}: {Text} {Error}")]
    public static partial void TaskState(this ILogger logger, string taskId, TaskState state, string text, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Task {TaskId} met an unexpected error.")]
    public static partial void TaskError(this ILogger logger, string taskId, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Task {TaskId} is not assigned to this node: stopping and removing it.")]
    public static partial void RemovingTask(this ILogger logger, string taskId);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The node goes without its tasks ({Tasks} are known), which the executor may still run: {Reason}"
    )]
    public static partial void TasksLeft(this ILogger logger, int tasks, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Task {TaskId} has failed and could not be stopped: {Reason}")]
    public static partial void NotStopped(this ILogger logger, string taskId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Task {TaskId} could not be removed, and is tried again: {Reason}")]
    public static partial void NotRemoved(this ILogger logger, string taskId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "An assignment of a manager is ignored: {Problem}")]
    public static partial void AssignmentIgnored(this ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This node was removed from the swarm: stopping its tasks.")]
    public static partial void NodeRemoved(this ILogger logger);
}
