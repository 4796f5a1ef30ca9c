namespace Swarm.Host.Systems;

/// <summary>Why a host could not be read or changed, in words for a person.</summary>
/// <param name="errorId">Stable: NotAdministrator, FirewallAmbiguous, PackageManagerLocked, …</param>
/// <param name="message">What happened, and what was changed or undone.</param>
/// <param name="target">What it is about: a tool, a port, a file.</param>
/// <param name="action">What to do next.</param>
/// <param name="inner">The cause, where there is one.</param>
public sealed class HostException(string errorId, string message, string target, string action, Exception? inner = null)
    : Exception(message, inner)
{
    public string ErrorId { get; } = errorId;
    public string Target { get; } = target;
    public string Action { get; } = action;
}
