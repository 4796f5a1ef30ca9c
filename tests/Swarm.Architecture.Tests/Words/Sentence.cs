namespace Swarm.Architecture.Tests.Words;

/// <param name="Place">File and line, as <c>file:line</c>.</param>
/// <param name="Text">As it is written, in one line.</param>
/// <param name="Words">Counts tokens with a letter or a digit; inline code is one.</param>
/// <param name="FirstWord">Without the punctuation and emphasis around it.</param>
/// <param name="IsCell">It stands in a cell of a table.</param>
internal sealed record Sentence(string Place, string Text, int Words, string FirstWord, bool IsCell)
{
    public override string ToString() => $"{Place}: {Text}";
}
