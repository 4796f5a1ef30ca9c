using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Swarm.Core.Credentials;
using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.Core.State;

namespace Swarm.Consensus.Serialization;

/// <summary>A fingerprint of our records' properties, which precedes the data; and the reader of data from before a property was
/// added.</summary>
/// <remarks>A source-generated reader sets a missing init-only property to <c>default</c> instead of the record's own default
/// (dotnet/runtime#58770). A log from before a property was added would be read with nulls. So bytes of another schema are completed before
/// they are read.</remarks>
internal static class StateSchema
{
    private static readonly Lazy<uint> LazyFingerprint = new(ComputeFingerprint);

    /// <summary>An instance of every record with defaults of its own. Required properties are never taken from it: they are always
    /// written.</summary>
    private static readonly Dictionary<Type, object> Defaults = MakeDefaults();

    /// <summary>Changes when a record gains or loses a property.</summary>
    public static uint Fingerprint => LazyFingerprint.Value;

    /// <summary>The types with defaults here; a test compares them with the model.</summary>
    internal static IReadOnlyCollection<Type> TypesWithDefaults => Defaults.Keys;

    /// <summary>Reads bytes of another schema.</summary>
    /// <exception cref="JsonException">The bytes are no JSON of that shape.</exception>
    public static T? Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> info)
    {
        var node = JsonNode.Parse(json);
        Complete(node, info);
        return node.Deserialize(info);
    }

    private static void Complete(JsonNode? node, JsonTypeInfo info)
    {
        if (info.Converter is IVariantConverter variants)
        {
            if (node is JsonArray { Count: 2 } pair && pair[0] is JsonValue name && name.TryGetValue(out string? discriminator))
            {
                if (variants.FindType(discriminator) is { } type)
                {
                    Complete(pair[1], Info(type));
                }
            }
        }
        else if (ElementType(info) is { } element && node is JsonArray items)
        {
            foreach (var item in items)
            {
                Complete(item, Info(element));
            }
        }
        else if (info.Kind == JsonTypeInfoKind.Object && node is JsonObject record)
        {
            CompleteRecord(record, info);
        }
    }

    private static void CompleteRecord(JsonObject record, JsonTypeInfo info)
    {
        var defaults = Defaults.GetValueOrDefault(info.Type);
        foreach (var property in info.Properties)
        {
            if (record.TryGetPropertyValue(property.Name, out var value))
            {
                Complete(value, Info(property.PropertyType));
            }
            else if (defaults is not null && !property.IsRequired && property.Get?.Invoke(defaults) is { } missing)
            {
                record[property.Name] = JsonSerializer.SerializeToNode(missing, Info(property.PropertyType));
            }
        }
    }

    private static Type? ElementType(JsonTypeInfo info) =>
        info.Kind == JsonTypeInfoKind.Enumerable ? info.ElementType : (info.Converter as IListConverter)?.ElementType;

    private static JsonTypeInfo Info(Type type) =>
        StateJsonContext.Default.GetTypeInfo(type) ?? throw new NotSupportedException($"{type} is not part of the state.");

    private static uint ComputeFingerprint()
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<Type>();
        Visit(StateJsonContext.Default.IReadOnlyListStateChange);
        Visit(StateJsonContext.Default.StateSnapshot);
        // FNV-1a: the same on every machine and in every version of .NET.
        var hash = 2166136261u;
        foreach (var character in string.Join('\n', lines))
        {
            hash = (hash ^ character) * 16777619u;
        }
        return hash;

        void Visit(JsonTypeInfo info)
        {
            if (!seen.Add(info.Type))
            {
                return;
            }
            if (info.Converter is IVariantConverter variants)
            {
                foreach (var type in variants.Types)
                {
                    Visit(Info(type));
                }
            }
            if (ElementType(info) is { } element)
            {
                Visit(Info(element));
            }
            if (info.Kind == JsonTypeInfoKind.Object)
            {
                foreach (var property in info.Properties)
                {
                    lines.Add($"{info.Type.Name}.{property.Name}");
                    Visit(Info(property.PropertyType));
                }
            }
        }
    }

    private static Dictionary<Type, object> MakeDefaults()
    {
        var container = new ContainerSpec { Image = "" };
        var mode = new ServiceMode.Global();
        var spec = new ServiceSpec
        {
            Name = "",
            Container = container,
            Mode = mode,
        };
        var status = new TaskStatus { State = TaskState.New, Timestamp = default };
        object[] all =
        [
            container,
            spec,
            status,
            new ClusterSettings(),
            new NodeSpec(),
            new NodeStatus(),
            new NodeDescription(),
            new UpdateProgress(),
            new ResourceRequirements(),
            new RestartPolicy(),
            new Placement(),
            new UpdateConfig(),
            new HealthCheck { Test = [] },
            new Mount { Type = MountType.Bind, Target = "" },
            new PublishedPort { Target = 0 },
            new UpdateStatus { State = UpdateState.None, StartedAt = default },
            new Cluster
            {
                Id = "",
                CreatedAt = default,
                UpdatedAt = default,
                RootCertificate = [],
                RootKey = [],
                WorkerJoinSecret = "",
                ManagerJoinSecret = "",
            },
            new Node
            {
                Id = "",
                CreatedAt = default,
                UpdatedAt = default,
            },
            new NetworkSpec { Name = "" },
            new Network
            {
                Id = "",
                CreatedAt = default,
                Spec = new NetworkSpec { Name = "" },
                TunnelId = 0,
            },
            new Service
            {
                Id = "",
                CreatedAt = default,
                UpdatedAt = default,
                Spec = spec,
                Revision = 0,
            },
            new ServiceRevision
            {
                ServiceId = "",
                Number = 0,
                CreatedAt = default,
                Spec = spec,
            },
            new SwarmTask
            {
                Id = "",
                ServiceId = "",
                Revision = 0,
                Slot = 0,
                DesiredState = TaskState.New,
                Status = status,
                CreatedAt = default,
            },
            new IssuedCredential
            {
                SerialNumber = "",
                Name = "",
                IssuedAt = default,
                ExpiresAt = default,
            },
            new StateSnapshot
            {
                Index = 0,
                Nodes = [],
                Services = [],
                Revisions = [],
                Tasks = [],
                Requests = [],
            },
        ];
        return all.ToDictionary(d => d.GetType());
    }
}
