using Swarm.Cmdlets.Sandboxes;

namespace Swarm.Cmdlets.Tests.Hosts;

/// <summary>Two sandboxes of one machine never have the same addresses, whoever started them and whether they listen or not.</summary>
public sealed class AddressClaimTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("swarm-claims-").FullName;
    private readonly byte _third = (byte)Random.Shared.Next(200, 250);
    private readonly int _port = Random.Shared.Next(20_000, 30_000);

    public AddressClaimTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has all of 127.0.0.0/8.");

    public void Dispose()
    {
        Directory.Delete(_home, recursive: true);
        foreach (var third in new[] { _third, _third - 1 })
        {
            File.Delete(Path.Combine(Path.GetTempPath(), $"swarm-sandbox-127.0.{third}.0-{_port}"));
        }
    }

    [Fact]
    public void Addresses_are_chosen_by_one_process_at_a_time()
    {
        using var first = AddressClaim.TryTake(_third, _port, Sandbox("first"));
        Assert.NotNull(first);
        Assert.Null(AddressClaim.TryTake(_third, _port, Sandbox("second")));
        using var other = AddressClaim.TryTake((byte)(_third - 1), _port, Sandbox("third"));
        Assert.NotNull(other);
    }

    // A sandbox without a swarm does not listen: nothing else tells another user that its addresses are taken.
    [Fact]
    public void Addresses_stay_the_sandboxs_until_its_directory_is_removed()
    {
        var first = Sandbox("first");
        AddressClaim.TryTake(_third, _port, first)!.Dispose();
        Assert.Null(AddressClaim.TryTake(_third, _port, Sandbox("second")));
        Directory.Delete(first);
        using var second = AddressClaim.TryTake(_third, _port, Sandbox("second"));
        Assert.NotNull(second);
    }

    [Fact]
    public void A_claim_is_never_written_through_a_link()
    {
        var target = Path.Combine(_home, "target");
        File.CreateSymbolicLink(Path.Combine(Path.GetTempPath(), $"swarm-sandbox-127.0.{_third}.0-{_port}"), target);
        Assert.Null(AddressClaim.TryTake(_third, _port, Sandbox("first")));
        Assert.False(File.Exists(target));
    }

    private string Sandbox(string name) => Directory.CreateDirectory(Path.Combine(_home, name)).FullName;
}
