namespace Swarm.Cmdlets.Completion;

/// <summary>Something that a word can be completed to.</summary>
/// <param name="Text">What is shown and, in quotes where it needs them, written.</param>
/// <param name="ToolTip">A line about it; a completion cannot do without one.</param>
/// <param name="Id">What can be written in its place; empty: nothing.</param>
internal readonly record struct Candidate(string Text, string ToolTip, string Id = "");
