namespace Swarm.Architecture.Tests.Words;

/// <summary>A paragraph, list item or comment: text that ends the sentence with its own end.</summary>
/// <param name="File">Path below the repository's root.</param>
/// <param name="Line">Line of the first character, from 1.</param>
/// <param name="Text">Lines joined with line feeds; inline code as <see cref="InlineCode"/> leaves it.</param>
/// <param name="IsCell">A cell of a table: its length is not judged, its first word is.</param>
internal sealed record Prose(string File, int Line, string Text, bool IsCell = false);
