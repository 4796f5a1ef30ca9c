namespace Swarm.Architecture.Tests.Words;

/// <summary>A line of a comment, without its mark.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Text">After <c>//</c>, <c>///</c> or <c>#</c>.</param>
/// <param name="IsDocumentation">After <c>///</c>, so it is XML.</param>
/// <param name="IsAlone">No code stands before it on its line.</param>
internal sealed record Comment(int Line, string Text, bool IsDocumentation, bool IsAlone);
