namespace Swarm.MamlWriter;

/// <summary>An example: its code, and the paragraphs about it.</summary>
internal sealed record ExampleHelp(string Title, string Code, IReadOnlyList<string> Remarks);
