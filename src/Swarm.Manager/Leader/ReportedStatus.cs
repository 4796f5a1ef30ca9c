namespace Swarm.Daemon.Manager;

/// <summary>An agent's word on one of its tasks.</summary>
public sealed record ReportedStatus(string TaskId, TaskStatus Status);
