using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Swarm.Core.Model;
using Swarm.Core.Networking;

namespace Swarm.Consensus.Serialization;

/// <summary>The schema's view of a <see cref="ValueListConverter{T}"/>.</summary>
internal interface IListConverter
{
    Type ElementType { get; }
}

/// <summary>A <see cref="ValueList{T}"/> as a JSON array. Subclasses below fix the element types, so that no type is made at run
/// time.</summary>
internal abstract class ValueListConverter<T> : JsonConverter<ValueList<T>>, IListConverter
{
    public Type ElementType => typeof(T);

    public override ValueList<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("A list is expected.");
        }
        var element = ElementInfo(options);
        var items = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(JsonSerializer.Deserialize(ref reader, element) ?? throw new JsonException("A list element is null."));
        }
        return items.ToValueList();
    }

    public override void Write(Utf8JsonWriter writer, ValueList<T> value, JsonSerializerOptions options)
    {
        var element = ElementInfo(options);
        writer.WriteStartArray();
        foreach (var item in value.AsSpan())
        {
            JsonSerializer.Serialize(writer, item, element);
        }
        writer.WriteEndArray();
    }

    private static JsonTypeInfo<T> ElementInfo(JsonSerializerOptions options) => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
}

internal sealed class StringListConverter : ValueListConverter<string>;

internal sealed class MountListConverter : ValueListConverter<Mount>;

internal sealed class SubnetListConverter : ValueListConverter<NetworkSubnet>;

internal sealed class NumberListConverter : ValueListConverter<int>;

internal sealed class PortListConverter : ValueListConverter<PublishedPort>;

internal sealed class TaskPortListConverter : ValueListConverter<TaskPort>;

internal sealed class PendingReasonListConverter : ValueListConverter<PendingReason>;

/// <summary>A <see cref="ValueMap"/> as a JSON object of strings.</summary>
internal sealed class ValueMapConverter : JsonConverter<ValueMap>
{
    public override ValueMap Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A map is expected.");
        }
        var entries = new List<KeyValuePair<string, string>>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            entries.Add(new(key, reader.GetString() ?? throw new JsonException("A map value is null.")));
        }
        return ValueMap.From(entries);
    }

    public override void Write(Utf8JsonWriter writer, ValueMap value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (key, text) in value)
        {
            writer.WriteString(key, text);
        }
        writer.WriteEndObject();
    }
}
