using System.Net;
using Swarm.Control.State;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Endpoints.Admission;
using Swarm.Daemon.Tests.Manager;

namespace Swarm.Daemon.Tests.Endpoints;

/// <summary>The addresses whose handshakes have members' places.</summary>
public sealed class MemberAddressesTests
{
    private readonly StateStore _store = new();
    private readonly KnownAddresses _known = new();
    private ulong _index;

    private void Apply(params StateChange[] changes) => _store.Apply(changes, ++_index);

    private static StateChange.NodeCreate At(string id, string address) =>
        new(TestManager.NewNode(id) with { Status = NodeStatus.New with { Address = address } });

    private bool Knows(string address) => _known.Contains(IPAddress.Parse(address));

    [Fact]
    public void Those_of_the_state_are_known_before_anybody_connects()
    {
        Apply(At("n1", "10.0.0.1"), At("n2", "fd00::2"), At("n3", "::ffff:10.0.0.3"), At("n4", "w4.example"), At("n5", ""));
        MemberAddresses.Follow(_store, _known);
        Assert.All((string[])["10.0.0.1", "fd00::2", "10.0.0.3"], a => Assert.True(Knows(a), a));
        Assert.False(Knows("10.0.0.4"));
    }

    [Fact]
    public void They_follow_the_state()
    {
        MemberAddresses.Follow(_store, _known);
        Apply(At("n1", "10.0.0.1"), At("n2", "10.0.0.1"));
        Assert.True(Knows("10.0.0.1"));
        Apply(new StateChange.NodeRemove("n1"));
        Assert.True(Knows("10.0.0.1"));
        Apply(new StateChange.NodeRemove("n2"));
        Assert.False(Knows("10.0.0.1"));
    }

    [Fact]
    public async Task A_snapshot_brings_its_own()
    {
        Apply(At("n1", "10.0.0.1"));
        MemberAddresses.Follow(_store, _known);
        var other = new StateStore();
        other.Apply([At("n2", "10.0.0.2")], 1);
        _store.Restore(other.Capture());
        await Deadline.UntilAsync(() => Knows("10.0.0.2") && !Knows("10.0.0.1"), "the addresses of the snapshot, and no others");
    }

    /// <summary>A node has one address, whatever it says of itself.</summary>
    [Fact]
    public void A_node_that_changes_its_address_all_the_time_takes_no_place_of_others()
    {
        _known.SetNode("n1", "10.0.0.1");
        _known.Add(IPAddress.Parse("10.0.0.2"));
        for (var i = 0; i < 10_000; i++)
        {
            _known.SetNode("mallory", $"10.1.{i / 250}.{i % 250}");
        }
        Assert.True(Knows("10.0.0.1"));
        Assert.True(Knows("10.0.0.2"));
        Assert.False(Knows("10.1.0.0"));
        Assert.True(Knows("10.1.39.249"));
    }

    [Fact]
    public void A_state_that_is_closed_has_none()
    {
        _store.Close();
        MemberAddresses.Follow(_store, _known);
        Assert.False(Knows("10.0.0.1"));
    }
}
