using System.Net;
using Swarm.Core.Allocation;
using Swarm.Core.Errors;

namespace Swarm.Core.Tests.Allocation;

public sealed class AddressBlockTests
{
    [Theory]
    [InlineData("10.0.1.0/24", "10.0.1.255")]
    [InlineData("0.0.0.0/0", "255.255.255.255")]
    [InlineData("192.168.7.9/32", "192.168.7.9")]
    [InlineData("fd00:1::/64", "fd00:1::ffff:ffff:ffff:ffff")]
    [InlineData("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("fd00::5/128", "fd00::5")]
    public void Text_reads_and_writes_the_same(string text, string last)
    {
        var block = AddressBlock.Parse(text);
        Assert.Equal(text, block.ToString());
        Assert.Equal(IPAddress.Parse(last), block.AddressOf(block.Last));
        Assert.True(block.Contains(IPAddress.Parse(last)));
    }

    [Theory]
    [InlineData("10.0.1.0", "is not a subnet")]
    [InlineData("10.0.1.0/33", "is not a subnet")]
    [InlineData("10.0.1.0/-1", "is not a subnet")]
    [InlineData("10.0.1.0/ 24", "is not a subnet")]
    [InlineData("010.0.1.0/24", "is not a subnet")]
    [InlineData("fd00::/129", "is not a subnet")]
    [InlineData("/24", "is not a subnet")]
    [InlineData("\u001b[31m/8", "'\\e[31m/8' is not a subnet")]
    [InlineData("10.0.1.5/24", "Use 10.0.1.0/24.")]
    [InlineData("fd00::1/64", "Use fd00::/64.")]
    public void What_is_no_block_is_refused(string text, string expected)
    {
        var refusal = Assert.Throws<SwarmException>(() => AddressBlock.Parse(text));
        Assert.Equal("InvalidSubnet", refusal.ErrorId);
        Assert.Contains(expected, $"{refusal.Message} {refusal.Action}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.1.0.0/16", true, true)]
    [InlineData("10.1.0.0/16", "10.0.0.0/8", false, true)]
    [InlineData("10.0.0.0/24", "10.0.1.0/24", false, false)]
    [InlineData("10.0.0.0/24", "10.0.0.0/24", true, true)]
    [InlineData("0.0.0.0/0", "::/0", false, false)]
    [InlineData("::/96", "0.0.0.0/8", false, false)]
    public void Blocks_contain_and_overlap(string first, string second, bool contains, bool overlaps)
    {
        var (a, b) = (AddressBlock.Parse(first), AddressBlock.Parse(second));
        Assert.Equal((contains, overlaps, overlaps), (a.Contains(b), a.Overlaps(b), b.Overlaps(a)));
    }

    [Fact]
    public void An_address_of_the_other_family_is_in_no_block()
    {
        Assert.False(AddressBlock.Parse("::/0").Contains(IPAddress.Parse("10.0.0.1")));
        Assert.False(AddressBlock.Parse("0.0.0.0/0").Contains(IPAddress.Parse("::1")));
    }
}
