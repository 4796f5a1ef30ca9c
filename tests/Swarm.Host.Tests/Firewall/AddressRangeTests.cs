using Swarm.Host.Firewall;

namespace Swarm.Host.Tests.Firewall;

public sealed class AddressRangeTests
{
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData(" 10.0.0.7/24 ", "10.0.0.0/24")]
    [InlineData("fd00::1", "fd00::1")]
    [InlineData("FD00::/64", "fd00::/64")]
    [InlineData("::ffff:10.0.0.1", "::ffff:10.0.0.1")]
    public void A_plain_address_or_network_is_read(string text, string range)
    {
        Assert.True(AddressRange.TryParse(text, out var read));
        Assert.Equal(range, read.ToString());
    }

    /// <summary>010.0.0.0/8 would open the port for 8.0.0.0/8, and the firewall's own tools read it as 10.0.0.0/8.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("10.1")]
    [InlineData("10.0.0.1/33")]
    [InlineData("010.0.0.0/8")]
    [InlineData("10.0.0.01")]
    [InlineData("0xa.0.0.1")]
    [InlineData("[fd00::1]")]
    [InlineData("[fd00::]/64")]
    [InlineData("fe80::1%eth0")]
    public void Other_forms_are_none(string text) => Assert.False(AddressRange.TryParse(text, out _));
}
