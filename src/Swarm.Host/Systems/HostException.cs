namespace Swarm.Host.Systems;

/// <summary>Says why a host could not be read or changed, for a person.</summary>
/// <param name="errorId">Stable: NotAdministrator, FirewallAmbiguous, PackageManagerLocked, …</param>
/// <param name="message">The failure, and the changes that were made or undone.</param>
/// <param name="target">The object of the error: a tool, a port, a file.</param>
/// <param name="action">The next step for the user.</param>
/// <param name="inner">The cause, where there is one.</param>
public sealed class HostException(string errorId, string message, string target, string action, Exception? inner = null)
    : Exception(message, inner)
{
    public string ErrorId { get; } = errorId;
    public string Target { get; } = target;
    public string Action { get; } = action;
}
