using Swarm.Consensus.Serialization;
using Swarm.Core.State;

namespace Swarm.Daemon.Tests.Options;

/// <summary>Every kind of change, made from its type.</summary>
public sealed class StateChangeTests
{
    public static TheoryData<string> Kinds =>
        [.. typeof(StateChange).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(StateChange))).Select(t => t.Name)];

    /// <summary>Changes that may share a batch with any other, with the reason.</summary>
    private static readonly Dictionary<string, string> WithoutKeys = new()
    {
        [nameof(StateChange.TaskObserve)] = "an observed status only moves forward and touches nothing else",
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_change_takes_no_more_bytes_than_it_estimates(string kind)
    {
        var change = Make(kind);
        Assert.InRange(StateSerializer.SerializeBatch([change]).Length, 1, change.EstimateSize());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_change_names_the_object_that_it_touches(string kind)
    {
        var keys = new HashSet<string>();
        Make(kind).AddKeys(keys, new ClusterState());
        Assert.Equal(WithoutKeys.ContainsKey(kind), keys.Count == 0);
        Assert.All(
            keys,
            k =>
                Assert.Matches(
                    "(?i)^(cluster|networks|ports|(network|netname|node|nodename|service|name|task|request|credential):text[0-9]+)$",
                    k
                )
        );
    }

    private static StateChange Make(string kind) => (StateChange)SpecValues.Make(typeof(StateChange).GetNestedType(kind)!);
}
