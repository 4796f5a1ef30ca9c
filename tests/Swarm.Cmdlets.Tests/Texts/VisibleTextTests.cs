using System.Globalization;

namespace Swarm.Cmdlets.Tests.Texts;

public sealed class VisibleTextTests
{
    /// <summary>Default_Ignorable_Code_Point without those of category Cf. Source: DerivedCoreProperties.txt of Unicode 17. Tests know no newer one.</summary>
    private static readonly (int First, int Last)[] Ignorable =
    [
        (0x034F, 0x034F),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x2065, 0x2065),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFF8),
        (0xE0000, 0xE0FFF),
    ];

    [Fact]
    public void What_a_terminal_obeys_or_nobody_sees_is_hidden_and_nothing_else()
    {
        for (var c = 0; c <= 0x10FFFF; c++)
        {
            var text = c is >= 0xD800 and <= 0xDFFF ? ((char)c).ToString() : char.ConvertFromUtf32(c);
            var hidden =
                CharUnicodeInfo.GetUnicodeCategory(c)
                    is UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.LineSeparator
                        or UnicodeCategory.ParagraphSeparator
                || Ignorable.Any(r => c >= r.First && c <= r.Last);
            if (VisibleText.IsPlain(text) == hidden || VisibleText.IsPlain($"a{text}b") == hidden)
            {
                Assert.Fail($"U+{c:X4}");
            }
            if (hidden)
            {
                Assert.NotEqual(text, VisibleText.Of(text));
                Assert.True(VisibleText.IsPlain(VisibleText.Of($"a{text}b")), $"U+{c:X4}");
                Assert.Equal("a" + new string(' ', text.Length) + "b", VisibleText.Blank($"a{text}b"));
            }
            else if (!ReferenceEquals(text, VisibleText.Of(text)) || !ReferenceEquals(text, VisibleText.OfName(text)))
            {
                Assert.Fail($"U+{c:X4}");
            }
        }
    }

    /// <summary>An emoji that is composed of others can be read in a text, and in a name shows of what it is composed.</summary>
    [Theory]
    [InlineData("👩\u200D💻", @"👩\u200D💻")]
    [InlineData("👩🏽\u200D💻", @"👩🏽\u200D💻")]
    [InlineData("❤\uFE0F\u200D🔥", @"❤\uFE0F\u200D🔥")]
    [InlineData("✈\uFE0F", @"✈\uFE0F")]
    [InlineData("✈\uFE0E", @"✈\uFE0E")]
    [InlineData("1\uFE0F\u20E3", "1\\uFE0F\u20E3")]
    public void Emoji_stay_in_texts_and_not_in_names(string text, string name)
    {
        Assert.Equal(text, VisibleText.Of(text));
        Assert.Equal(text, VisibleText.Lines(text));
        Assert.Equal(name, VisibleText.OfName(text));
        Assert.False(VisibleText.IsPlain(text));
        Assert.True(VisibleText.IsPlain(name));
    }

    /// <summary>More than one of them, or elsewhere, they could carry what nobody sees.</summary>
    [Theory]
    [InlineData("a\u200Db", @"a\u200Db")]
    [InlineData("👩\u200D", @"👩\u200D")]
    [InlineData("\u200D👩", @"\u200D👩")]
    [InlineData("👩\u200D\u200D💻", @"👩\u200D\u200D💻")]
    [InlineData("❤\uFE0F\uFE0F", "❤\uFE0F\\uFE0F")]
    [InlineData("❤\uFE00", @"❤\uFE00")]
    [InlineData("a\uFE0F", @"a\uFE0F")]
    [InlineData("w\u200B1\u2060", @"w\u200B1\u2060")]
    [InlineData("می\u200Cخواهم", @"می\u200Cخواهم")]
    [InlineData("🏴\U000E0067\U000E007F", @"🏴\U000E0067\U000E007F")]
    public void What_nobody_sees_is_shown(string text, string shown) => Assert.Equal(shown, VisibleText.Of(text));

    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("plain ümläut 🐝", "plain ümläut 🐝")]
    [InlineData("a\e[31mb", @"a\e[31mb")]
    [InlineData("a\r\n\t\0\a\b\v\f", @"a\r\n\t\0\a\b\v\f")]
    [InlineData("\u009b\u202e\u2028\u007f", @"\u009B\u202E\u2028\u007F")]
    public void An_escape_is_in_its_place(string? text, string shown) => Assert.Equal(shown, VisibleText.Of(text));

    [Theory]
    [InlineData("a\n  b\r\n  c", "a\n  b\r\n  c")]
    [InlineData("a\nb", @"a\nb")]
    [InlineData("a\n", @"a\n")]
    [InlineData("a\r  b", @"a\r  b")]
    [InlineData("a\n  \eb", "a\n  \\eb")]
    public void A_line_stays_where_it_is_indented(string text, string shown) => Assert.Equal(shown, VisibleText.Lines(text));
}
