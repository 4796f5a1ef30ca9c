namespace Swarm.BuildHost.Pester;

/// <summary>Ends a test by <c>Set-ItResult -Skipped</c>.</summary>
public sealed class SkippedException(string because) : Exception(because);

/// <summary>Ends a test by a failed <c>Should</c>.</summary>
public sealed class ShouldException(string message) : Exception(message);
