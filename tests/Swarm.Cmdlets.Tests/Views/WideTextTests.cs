namespace Swarm.Cmdlets.Tests.Views;

/// <summary>Texts whose characters take two columns of a terminal, or none.</summary>
public sealed class WideTextTests
{
    [Theory]
    [InlineData("ab", "ab   b      c")]
    [InlineData("服务", "服务 b      c")]
    [InlineData("ＷＥ", "ＷＥ b      c")]
    [InlineData("🐳", "🐳   b      c")]
    [InlineData("cafe\u0301", "cafe\u0301 b      c")]
    [InlineData("服务器", "服务器 b    c")]
    public void A_column_begins_where_a_person_sees_it(string cell, string row) =>
        Assert.Equal(row, Display.Row(null, [4, 6, 6], [cell, "b", "c"], null));

    [Fact]
    public void A_line_is_as_long_as_a_terminal_is_wide()
    {
        // 40 characters take 80 columns, and the line has 79.
        var text = new string('务', 36) + " " + new string('务', 4);
        Assert.Equal("a\n  " + new string('务', 36) + "\n  " + new string('务', 4), Display.Row(null, [1], ["a"], text));
    }
}
