namespace Swarm.Manager.Dispatcher;

/// <summary>What the dispatcher needs to know of its manager.</summary>
/// <param name="ClusterAddress">host:port at which the other nodes reach this manager.</param>
/// <param name="AssignmentBatching">How long changes of assignments are gathered before they are sent to an agent.</param>
/// <param name="Time">For heartbeats and timestamps.</param>
/// <param name="LoggerFactory">Where the log goes.</param>
internal sealed record DispatcherOptions(
    string ClusterAddress,
    TimeSpan AssignmentBatching,
    TimeProvider Time,
    ILoggerFactory LoggerFactory
);
