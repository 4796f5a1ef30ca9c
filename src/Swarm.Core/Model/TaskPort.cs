namespace Swarm.Core.Model;

/// <summary>A port of a task that is not its target port.</summary>
/// <param name="Target">The port that the service names.</param>
/// <param name="Protocol">Its transport.</param>
/// <param name="Listening">The port on which the task listens.</param>
public sealed record TaskPort(uint Target, PortProtocol Protocol, uint Listening);
