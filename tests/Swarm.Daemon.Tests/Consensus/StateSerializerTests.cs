using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Swarm.Consensus.Errors;
using Swarm.Consensus.Serialization;
using Swarm.Core.Model;
using Swarm.Core.State;

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

    /// <summary>Leaves out every optional property in turn, like a swarmd from before the property was added.</summary>
    [Fact]
    public void A_property_that_an_older_swarmd_did_not_write_has_its_default()
    {
        foreach (var type in StateSchema.TypesWithDefaults)
        {
            var info = StateJsonContext.Default.GetTypeInfo(type)!;
            var fresh = Activator.CreateInstance(type);
            foreach (var property in type.GetProperties().Where(p => p.CanWrite && !IsRequired(p)))
            {
                var record = new RecordGenerator(1).Make(type)!;
                property.SetValue(record, property.GetValue(fresh));
                var node = (JsonObject)JsonSerializer.SerializeToNode(record, info)!;
                node.Remove(property.Name);
                var read = typeof(StateSerializerTests)
                    .GetMethod(nameof(ReadOther), BindingFlags.NonPublic | BindingFlags.Static)!
                    .MakeGenericMethod(type)
                    .Invoke(null, [node.ToJsonString(), info]);
                var difference = RecordGenerator.Difference(record, read);
                Assert.True(difference is null, $"{type.Name}.{property.Name} left out: {difference}");
            }
        }
    }

    [Fact]
    public void Every_record_with_optional_properties_has_defaults_for_older_logs()
    {
        var seen = new HashSet<Type>();
        Visit(typeof(StateSnapshot));
        Visit(typeof(StateChange));
        var needed = seen.Where(t =>
            t.GetConstructor(Type.EmptyTypes) is not null && t.GetProperties().Any(p => p.CanWrite && !IsRequired(p))
        );
        Assert.Equal(
            needed.Select(t => t.Name).Order(StringComparer.Ordinal),
            StateSchema.TypesWithDefaults.Select(t => t.Name).Order(StringComparer.Ordinal)
        );

        void Visit(Type type)
        {
            type = Nullable.GetUnderlyingType(type) ?? type;
            if (type.IsGenericType)
            {
                type = type.GetGenericArguments()[0];
            }
            if (
                type.Namespace?.StartsWith("Swarm.Core", StringComparison.Ordinal) == true
                && !type.IsEnum
                && type != typeof(ValueMap)
                && seen.Add(type)
            )
            {
                foreach (var next in type.GetNestedTypes().Concat(type.GetProperties().Where(p => p.CanWrite).Select(p => p.PropertyType)))
                {
                    Visit(next);
                }
            }
        }
    }

    [Fact]
    public void Nested_records_of_an_older_log_are_completed_too()
    {
        var id = new StateChange.ServiceCreate(new RecordGenerator(3).Make<Service>(), null);
        var node = JsonSerializer.SerializeToNode([id], StateJsonContext.Default.IReadOnlyListStateChange)!;
        var container = node[0]![1]!["Service"]!["Spec"]!["Container"]!.AsObject();
        container.Remove("StopGracePeriod");
        container.Remove("Labels");
        byte[] bytes = [StateSerializer.CurrentFormat, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(node.ToJsonString())];
        var read = Assert.IsType<StateChange.ServiceCreate>(Assert.Single(StateSerializer.DeserializeBatch(bytes, "test")));
        Assert.Equal(TimeSpan.FromSeconds(10), read.Service.Spec.Container.StopGracePeriod);
        Assert.Equal(ValueMap.Empty, read.Service.Spec.Container.Labels);
        Assert.Equal(id.Service.Spec.Container.Image, read.Service.Spec.Container.Image);
    }

    [Fact]
    public void A_property_that_a_newer_swarmd_wrote_is_passed_over() =>
        Assert.Equal(
            [new StateChange.NodeRemove("a")],
            StateSerializer.DeserializeBatch("\u0001zzzz[[\"node-\",{\"NodeId\":\"a\",\"Later\":{\"x\":[1]}}]]"u8, "test")
        );

    [Theory]
    [InlineData("\u0002", ReplicatedLogError.UnknownFormat)]
    [InlineData("\u0001zzzz[[\"later\",{\"X\":1}]]", ReplicatedLogError.UnknownFormat)]
    [InlineData("", ReplicatedLogError.Corrupted)]
    [InlineData("\u0000zzzz[]", ReplicatedLogError.Corrupted)]
    [InlineData("\u0001", ReplicatedLogError.Corrupted)]
    [InlineData("\u0001zzzz", ReplicatedLogError.Corrupted)]
    [InlineData("\u0001zzzznull", ReplicatedLogError.Corrupted)]
    [InlineData("\u0001zzzz[[\"node-\",{\"NodeId\":\"a\"}", ReplicatedLogError.Corrupted)]
    [InlineData("\u0001zzzz[{\"NodeId\":\"a\"}]", ReplicatedLogError.Corrupted)]
    public void What_cannot_be_read_is_refused(string text, ReplicatedLogError expected)
    {
        var error = Assert.Throws<ReplicatedLogException>(() => StateSerializer.DeserializeBatch(Encoding.UTF8.GetBytes(text), "Entry 7"));
        Assert.Equal(expected, error.Error);
        Assert.StartsWith("Entry 7 ", error.Message, StringComparison.Ordinal);
    }

    private static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(RequiredMemberAttribute));

    private static T? ReadOther<T>(string json, JsonTypeInfo<T> info) => StateSchema.Read(Encoding.UTF8.GetBytes(json), info);
}
