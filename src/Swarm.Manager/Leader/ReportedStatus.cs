namespace Swarm.Manager.Leader;

/// <summary>An agent's report of one of its tasks.</summary>
public sealed record ReportedStatus(string TaskId, TaskStatus Status);
