namespace Swarm.Cmdlets.Completion;

/// <summary>A possible completion of a word.</summary>
/// <param name="Text">The text to show and, in quotes where it needs them, to insert.</param>
/// <param name="ToolTip">A line about it; PowerShell refuses a completion without one.</param>
/// <param name="Id">The id that can be written instead; empty: none.</param>
internal readonly record struct Candidate(string Text, string ToolTip, string Id = "");
