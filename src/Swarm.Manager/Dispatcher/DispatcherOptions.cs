namespace Swarm.Manager.Dispatcher;

/// <summary>The dispatcher's settings from its manager.</summary>
/// <param name="ClusterAddress">host:port by which the other nodes reach this manager.</param>
/// <param name="AssignmentBatching">The time for which changes of assignments are gathered before they are sent to an agent.</param>
/// <param name="Time">For heartbeats and timestamps.</param>
/// <param name="LoggerFactory">Makes the loggers.</param>
internal sealed record DispatcherOptions(
    string ClusterAddress,
    TimeSpan AssignmentBatching,
    TimeProvider Time,
    ILoggerFactory LoggerFactory
);
