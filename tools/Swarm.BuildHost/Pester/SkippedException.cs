namespace Swarm.BuildHost.Pester;

/// <summary>What <c>Set-ItResult -Skipped</c> ends a test with.</summary>
public sealed class SkippedException(string because) : Exception(because);

/// <summary>What a <c>Should</c> that does not hold ends a test with.</summary>
public sealed class ShouldException(string message) : Exception(message);
