using System.Text;
using Swarm.Core.State;
using Swarm.Daemon.Consensus;
using Swarm.Daemon.Consensus.Serialization;

namespace Swarm.Daemon.Tests.Consensus;

public sealed class StateSerializerTests
{
    public static TheoryData<string> Kinds =>
        new(typeof(StateChange).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(StateChange))).Select(t => t.Name));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_change_comes_back_as_it_was(string kind)
    {
        var type = typeof(StateChange).GetNestedType(kind)!;
        for (var seed = 1; seed <= 200; seed++)
        {
            IReadOnlyList<StateChange> batch = [(StateChange)new RecordGenerator(seed).Make(type)!];
            var read = StateSerializer.DeserializeBatch(StateSerializer.SerializeBatch(batch), "test");
            var difference = RecordGenerator.Difference(batch, read);
            Assert.True(difference is null, $"seed {seed}: {difference}");
        }
    }

    [Fact]
    public void A_snapshot_comes_back_as_it_was()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var snapshot = new RecordGenerator(seed).Make<StateSnapshot>() with { Format = StateSnapshot.CurrentFormat };
            using var stream = new MemoryStream();
            StateSerializer.SerializeSnapshot(stream, snapshot);
            stream.Position = 0;
            var difference = RecordGenerator.Difference(snapshot, StateSerializer.DeserializeSnapshot(stream, "test"));
            Assert.True(difference is null, $"seed {seed}: {difference}");
        }
    }

    [Fact]
    public void A_property_that_a_newer_swarmd_wrote_is_passed_over() =>
        Assert.Equal(
            [new StateChange.NodeRemove("a")],
            StateSerializer.DeserializeBatch("\u0001[[\"node-\",{\"NodeId\":\"a\",\"Later\":{\"x\":[1]}}]]"u8, "test")
        );

    [Theory]
    [InlineData("\u0002[]", ReplicatedLogError.UnknownFormat)]
    [InlineData("\u0001[[\"later\",{\"X\":1}]]", ReplicatedLogError.UnknownFormat)]
    [InlineData("", ReplicatedLogError.Corrupted)]
    [InlineData("\u0000[]", ReplicatedLogError.Corrupted)]
    [InlineData("\u0001", ReplicatedLogError.Corrupted)]
    [InlineData("\u0001null", ReplicatedLogError.Corrupted)]
    [InlineData("\u0001[[\"node-\",{\"NodeId\":\"a\"}", ReplicatedLogError.Corrupted)]
    [InlineData("\u0001[{\"NodeId\":\"a\"}]", ReplicatedLogError.Corrupted)]
    public void What_cannot_be_read_is_refused(string text, ReplicatedLogError expected)
    {
        var error = Assert.Throws<ReplicatedLogException>(() => StateSerializer.DeserializeBatch(Encoding.UTF8.GetBytes(text), "Entry 7"));
        Assert.Equal(expected, error.Error);
        Assert.StartsWith("Entry 7 ", error.Message, StringComparison.Ordinal);
    }
}
