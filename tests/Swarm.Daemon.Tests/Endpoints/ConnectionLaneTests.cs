using Swarm.Daemon.Endpoints.Admission;

namespace Swarm.Daemon.Tests.Endpoints;

/// <summary>Places of connections, and the connection that loses its place to a newcomer.</summary>
public sealed class ConnectionLaneTests
{
    private readonly List<string> _closed = [];

    private IDisposable Enter(ConnectionLane<string> lane, string key, string name) => lane.Enter(key, () => _closed.Add(name));

    [Fact]
    public void The_oldest_of_the_key_with_the_most_places_loses_its_place()
    {
        var lane = new ConnectionLane<string>(4);
        Enter(lane, "node", "node1");
        Enter(lane, "flood", "flood1");
        Enter(lane, "flood", "flood2");
        Enter(lane, "flood", "flood3");
        Enter(lane, "flood", "flood4");
        Assert.Equal(["flood1"], _closed);
        Enter(lane, "other", "other1");
        Enter(lane, "other", "other2");
        Assert.Equal(["flood1", "flood2", "flood3"], _closed);
        Assert.Equal(4, lane.Count);
    }

    /// <summary>A flood from many addresses: whoever has waited longest loses its place, and not the newcomer before.</summary>
    [Fact]
    public void Of_keys_with_as_many_places_the_oldest_place_is_lost()
    {
        var lane = new ConnectionLane<string>(3);
        foreach (var name in (string[])["a", "b", "c", "d", "e", "f"])
        {
            Enter(lane, name, name);
        }
        Assert.Equal(["a", "b", "c"], _closed);
    }

    [Fact]
    public void A_key_has_its_own_limit_beside_that_of_all()
    {
        var lane = new ConnectionLane<string>(int.MaxValue, placesOfKey: 2);
        Enter(lane, "alice", "alice1");
        Enter(lane, "alice", "alice2");
        Enter(lane, "bob", "bob1");
        Enter(lane, "alice", "alice3");
        Assert.Equal(["alice1"], _closed);
        Assert.Equal(3, lane.Count);
    }

    [Fact]
    public void A_place_that_is_given_back_or_lost_is_given_back_once()
    {
        var lane = new ConnectionLane<string>(2);
        var first = Enter(lane, "a", "a1");
        var second = Enter(lane, "a", "a2");
        Enter(lane, "a", "a3");
        Assert.Equal(["a1"], _closed);
        first.Dispose();
        Assert.Equal(2, lane.Count);
        second.Dispose();
        second.Dispose();
        Assert.Equal(1, lane.Count);
        Enter(lane, "a", "a4");
        Assert.Equal(["a1"], _closed);
    }
}
