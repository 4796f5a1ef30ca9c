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
        File.Delete(AddressClaim.FileOf(_third, _port));
        File.Delete(AddressClaim.FileOf((byte)(_third - 1), _port));
    }

    [Fact]
    public void Addresses_are_chosen_by_one_process_at_a_time()
    {
        using var first = Take(_third, "first");
        Assert.NotNull(first);
        Assert.Null(Take(_third, "second"));
        using var other = Take((byte)(_third - 1), "third");
        Assert.NotNull(other);
    }

    // A sandbox without a swarm does not listen: nothing else tells another user that its addresses are taken.
    [Fact]
    public void Addresses_stay_the_sandboxs_until_its_directory_is_removed()
    {
        Take(_third, "first")!.Dispose();
        Assert.Null(Take(_third, "second"));
        Directory.Delete(Sandbox("first"));
        using var second = Take(_third, "second");
        Assert.NotNull(second);
    }

    [Fact]
    public void A_claim_is_never_written_through_a_link()
    {
        var target = Path.Combine(_home, "target");
        File.CreateSymbolicLink(AddressClaim.FileOf(_third, _port), target);
        Assert.Null(Take(_third, "first"));
        Assert.False(File.Exists(target));
    }

    // Nobody has claimed addresses that another program listens on, and they stay free for the next.
    [Fact]
    public void Addresses_that_are_in_use_are_not_remembered()
    {
        Assert.Null(AddressClaim.TryTake(_third, _port, Sandbox("first"), static () => false));
        Assert.False(File.Exists(AddressClaim.FileOf(_third, _port)));
    }

    private AddressClaim? Take(byte third, string sandbox) => AddressClaim.TryTake(third, _port, Sandbox(sandbox), static () => true);

    private string Sandbox(string name) => Directory.CreateDirectory(Path.Combine(_home, name)).FullName;
}
