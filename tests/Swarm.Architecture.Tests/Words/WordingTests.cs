namespace Swarm.Architecture.Tests.Words;

/// <summary>Keeps the part of the rule on words that a program can judge; short sentences that name their subject are read once.</summary>
public class WordingTests
{
    private const int MaxWords = 25;

    /// <summary>A sentence that begins so hides its subject in a clause.</summary>
    private static readonly string[] BannedStarts = ["Who", "Whoever", "What", "Whatever", "Those", "One"];

    [Fact]
    public void No_sentence_is_longer_than_25_words()
    {
        var found = Sentences(RepositoryProse.ReadAll()).Where(IsTooLong).Select(s => $"{s} ({s.Words} words)").ToArray();

        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [Fact]
    public void No_sentence_begins_with_a_word_that_hides_its_subject()
    {
        var found = Sentences(RepositoryProse.ReadAll()).Where(BeginsBadly).Select(s => s.ToString()).ToArray();

        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    /// <summary>Errors, log lines and descriptions of settings: texts in the sources that a person reads as sentences.</summary>
    [Fact]
    public void No_message_breaks_the_rule()
    {
        var messages = Sentences(RepositoryProse.ReadMessages()).ToArray();
        var found = messages.Where(s => IsTooLong(s) || BeginsBadly(s)).Select(s => s.ToString()).ToArray();

        Assert.Contains(messages, s => s.Text.Contains("cannot be reached", StringComparison.Ordinal));
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    private static IEnumerable<Sentence> Sentences(IEnumerable<Prose> prose) => prose.SelectMany(SentenceSplitter.Split);

    internal static bool IsTooLong(Sentence sentence) => !sentence.IsCell && sentence.Words > MaxWords;

    internal static bool BeginsBadly(Sentence sentence) => BannedStarts.Contains(sentence.FirstWord, StringComparer.OrdinalIgnoreCase);
}
