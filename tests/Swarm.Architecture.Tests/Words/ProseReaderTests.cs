namespace Swarm.Architecture.Tests.Words;

/// <summary>The rule on words is as good as its readers: each kind of text is found, and nothing else is.</summary>
public class ProseReaderTests
{
    private static readonly string TooLong = string.Join(' ', Enumerable.Range(1, 26).Select(n => $"word{n}"));

    [Theory]
    [InlineData("a.cs", "var a = \"// no\"; // Yes.", "1 Yes.")]
    [InlineData("a.cs", "var a = \"\\\"// no\"; var b = @\"\"\"// no\"; var c = '\"'; // Yes.", "1 Yes.")]
    [InlineData("a.cs", "var a = \"\"\"\n  // \"no\"\n  \"\"\"; /* Yes. */", "3 Yes.")]
    [InlineData(
        "a.cs",
        "/// <summary>A <see cref=\"B\"/> of\n/// <c>c d</c>. Next.</summary>\n/// <param name=\"e\">Last.</param>",
        "1 A `B` of `c d`.|2 Next.|3 Last."
    )]
    [InlineData("a.cs", "/// <summary>A.</summary>\n/// <code>\n/// no\n/// </code>\n/// <remarks>B.</remarks>", "1 A.|5 B.")]
    [InlineData("a.cs", "// One idea\n// a sentence.\n\n// Another.", "1 One idea a sentence.|4 Another.")]
    [InlineData("a.proto", "string a = 1; // Yes.", "1 Yes.")]
    [InlineData("a.ps1", "#!/usr/bin/env pwsh\n$a = '# no' # Yes.\n$b = @'\n# no\n'@\n<#\n.SYNOPSIS\nText.\n#>", "2 Yes.|8 Text.")]
    [InlineData("a.sh", "a=\"# no\" # Yes: ${#a} $#.\ncat <<'EOF'\n# no\nEOF\n# Last.", "1 Yes: ${#a} $#.|5 Last.")]
    [InlineData(
        "a.sh",
        "# Options:\n#   one FILE   first,\n#              and more\n#   two FILE   second\n# End.",
        "1 Options:|2 one FILE first, and more|4 two FILE second|5 End."
    )]
    [InlineData("a", "#!/bin/sh\n# Yes.", "2 Yes.")]
    [InlineData("a", "# No.", "")]
    [InlineData(
        "a.md",
        "---\nno: 1\n---\n# Title\n\nA [link](b.md) of\n`c d`. E.g. this.\n\n```\nno\n```\n* item one\n* item two",
        "4 Title|6 A link of `c d`.|7 E.g. this.|12 item one|13 item two"
    )]
    [InlineData("a.md", "| Head | What |\n|---|---|\n| a. b | c\\|d |", "1 Head|1 What|3 a.|3 b|3 c\\|d")]
    public void Finds_sentences_with_their_lines(string file, string source, string expected)
    {
        var found = RepositoryProse
            .Read(file, source)
            .SelectMany(SentenceSplitter.Split)
            .Where(s => s.Words > 0)
            .Select(s => $"{s.Place[(file.Length + 1)..]} {s.Text}");

        Assert.Equal(expected, string.Join('|', found));
    }

    [Theory]
    [InlineData("// What a task is.", true)]
    [InlineData("// Fine. whoever asks.", true)]
    [InlineData("/// <summary>A.</summary>\n/// <returns>Those.</returns>", true)]
    [InlineData("// (One) idea.", true)]
    [InlineData("// `One` is a name; what follows is not a start. One-off jobs.", false)]
    public void Judges_the_first_word(string source, bool isBad)
    {
        Assert.Equal(isBad, RepositoryProse.Read("a.cs", source).SelectMany(SentenceSplitter.Split).Any(WordingTests.BeginsBadly));
    }

    [Fact]
    public void Judges_the_length_but_not_of_cells()
    {
        Assert.True(Assert.Single(Read("a.cs", "// " + TooLong)) is var comment && WordingTests.IsTooLong(comment));
        Assert.False(
            WordingTests.IsTooLong(
                Assert.Single(Read("a.cs", "// " + TooLong.Replace("word2 word3", "`word2 word3`", StringComparison.Ordinal)))
            )
        );
        Assert.False(WordingTests.IsTooLong(Assert.Single(Read("a.md", "| " + TooLong + " |"))));
    }

    [Fact]
    public void Reads_every_kind_of_file_of_the_repository()
    {
        var kinds = RepositoryProse.ReadAll().Select(p => Path.GetExtension(p.File)).Distinct();

        Assert.Equal(["", ".cs", ".md", ".proto", ".ps1", ".psd1", ".psm1", ".sh"], kinds.Order(StringComparer.Ordinal));
    }

    private static Sentence[] Read(string file, string source) =>
        [.. RepositoryProse.Read(file, source).SelectMany(SentenceSplitter.Split)];
}
