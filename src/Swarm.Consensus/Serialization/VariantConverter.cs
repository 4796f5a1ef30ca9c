using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Consensus.Serialization;

/// <summary>The schema's view of a <see cref="VariantConverter{TBase}"/>.</summary>
internal interface IVariantConverter
{
    IReadOnlyCollection<Type> Types { get; }

    Type? FindType(string discriminator);
}

/// <summary>A record of several kinds as <c>["discriminator", {…}]</c>. Discriminators never change: every later swarmd must be able to
/// read today's logs.</summary>
/// <remarks><c>[JsonPolymorphic]</c> would put attributes on Core's types, and Core knows nothing of its storage.</remarks>
internal abstract class VariantConverter<TBase>(params (string Discriminator, Type Type)[] variants)
    : JsonConverter<TBase>,
        IVariantConverter
    where TBase : class
{
    private readonly Dictionary<string, Type> _types = variants.ToDictionary(v => v.Discriminator, v => v.Type, StringComparer.Ordinal);
    private readonly Dictionary<Type, string> _discriminators = variants.ToDictionary(v => v.Type, v => v.Discriminator);

    public IReadOnlyCollection<Type> Types => _types.Values;

    public Type? FindType(string discriminator) => _types.GetValueOrDefault(discriminator);

    public override TBase Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray || !reader.Read() || reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException($"A {typeof(TBase).Name} is expected.");
        }
        var discriminator = reader.GetString()!;
        if (!_types.TryGetValue(discriminator, out var type))
        {
            throw new UnknownVariantException($"'{discriminator}' is no {typeof(TBase).Name} that this swarmd knows.");
        }
        reader.Read();
        var value = (TBase?)JsonSerializer.Deserialize(ref reader, Info(options, type));
        if (value is null || !reader.Read() || reader.TokenType != JsonTokenType.EndArray)
        {
            throw new JsonException($"A {typeof(TBase).Name} has no end.");
        }
        return value;
    }

    public override void Write(Utf8JsonWriter writer, TBase value, JsonSerializerOptions options)
    {
        var type = value.GetType();
        if (!_discriminators.TryGetValue(type, out var discriminator))
        {
            throw new NotSupportedException($"{type.Name} has no discriminator in {GetType().Name}.");
        }
        writer.WriteStartArray();
        writer.WriteStringValue(discriminator);
        JsonSerializer.Serialize(writer, value, Info(options, type));
        writer.WriteEndArray();
    }

    private static JsonTypeInfo Info(JsonSerializerOptions options, Type type) => options.GetTypeInfo(type);
}

/// <summary>A newer swarmd wrote the data.</summary>
internal sealed class UnknownVariantException(string message) : Exception(message);

internal sealed class StateChangeConverter()
    : VariantConverter<StateChange>(
        ("cluster", typeof(StateChange.ClusterSet)),
        ("node+", typeof(StateChange.NodeCreate)),
        ("node.spec", typeof(StateChange.NodeSpecSet)),
        ("node.status", typeof(StateChange.NodeStatusSet)),
        ("node.desc", typeof(StateChange.NodeDescriptionSet)),
        ("node.role", typeof(StateChange.NodeRoleSet)),
        ("node.number", typeof(StateChange.NodeNumberSet)),
        ("node-", typeof(StateChange.NodeRemove)),
        ("network+", typeof(StateChange.NetworkCreate)),
        ("network-", typeof(StateChange.NetworkRemove)),
        ("service+", typeof(StateChange.ServiceCreate)),
        ("service.spec", typeof(StateChange.ServiceSpecSet)),
        ("service.update", typeof(StateChange.ServiceUpdateStatusSet)),
        ("service-", typeof(StateChange.ServiceRemove)),
        ("revision-", typeof(StateChange.RevisionRemove)),
        ("task+", typeof(StateChange.TaskCreate)),
        ("task.assign", typeof(StateChange.TaskAssign)),
        ("task.desire", typeof(StateChange.TaskDesire)),
        ("task.observe", typeof(StateChange.TaskObserve)),
        ("task.pending", typeof(StateChange.TaskPendingSet)),
        ("task-", typeof(StateChange.TaskRemove)),
        ("credential+", typeof(StateChange.CredentialIssue)),
        ("credential.revoke", typeof(StateChange.CredentialRevoke)),
        ("credential.revoke-name", typeof(StateChange.CredentialNameRevoke)),
        ("request", typeof(StateChange.RequestRecord))
    );

internal sealed class ServiceModeConverter()
    : VariantConverter<ServiceMode>(("replicated", typeof(ServiceMode.Replicated)), ("global", typeof(ServiceMode.Global)));
