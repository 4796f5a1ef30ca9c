namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>The caller at the other end of a connection: a feature of the connection, and so of its requests.</summary>
/// <param name="IsMember">It presented a certificate of a node of the swarm, or of an administrator.</param>
/// <param name="Calls">Its calls at the same time: those of its certificate, or of the connection when it has none.</param>
internal sealed record ConnectionCaller(bool IsMember, CallBudget Calls);
