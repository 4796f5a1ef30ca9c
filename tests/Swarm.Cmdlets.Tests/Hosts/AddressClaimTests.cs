using Swarm.Cmdlets.Sandboxes;

namespace Swarm.Cmdlets.Tests.Hosts;

/// <summary>Two sandboxes that start at the same moment must not choose the same addresses.</summary>
public sealed class AddressClaimTests
{
    [Fact]
    public void Addresses_are_claimed_by_one_until_it_lets_go()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has all of 127.0.0.0/8.");
        var third = (byte)Random.Shared.Next(200, 250);
        var port = Random.Shared.Next(20_000, 30_000);
        using (var first = AddressClaim.TryTake(third, port))
        {
            Assert.NotNull(first);
            Assert.Null(AddressClaim.TryTake(third, port));
            using var other = AddressClaim.TryTake((byte)(third - 1), port);
            Assert.NotNull(other);
        }
        using var again = AddressClaim.TryTake(third, port);
        Assert.NotNull(again);
    }
}
