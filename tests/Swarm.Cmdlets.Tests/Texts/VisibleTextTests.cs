namespace Swarm.Cmdlets.Tests.Texts;

public sealed class VisibleTextTests
{
    [Fact]
    public void What_a_terminal_obeys_is_hidden_and_nothing_else()
    {
        for (var c = '\0'; c < '\uFFFF'; c++)
        {
            var obeyed =
                char.IsControl(c)
                || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
            Assert.True(VisibleText.IsPlain([c]) != obeyed, $"U+{(int)c:X4}");
            Assert.Equal(!obeyed, VisibleText.Of(c.ToString()) == c.ToString());
            Assert.True(VisibleText.IsPlain(VisibleText.Of(c.ToString())));
        }
    }

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
