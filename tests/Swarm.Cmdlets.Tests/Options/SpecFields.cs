using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Tests.Options;

/// <summary>Every field of a service's spec on the wire, and values of their own for them.</summary>
internal static class SpecFields
{
    /// <summary>Paths from the spec down, lists and maps counted as one field each: <c>container.stop_signal</c>.</summary>
    public static IReadOnlyList<string> Paths { get; } = [.. Under(V1.ServiceSpec.Descriptor, "")];

    /// <summary>A spec with every field set. Values are unique where the type allows it.</summary>
    public static V1.ServiceSpec Full()
    {
        var spec = new V1.ServiceSpec();
        var seed = 0;
        foreach (var path in Paths.Where(p => p != "global"))
        {
            Fill(spec, path, ++seed);
        }
        return spec;
    }

    /// <summary>Gives the field a value that depends on the seed. A list or map has two entries.</summary>
    public static void Fill(V1.ServiceSpec spec, string path, int seed)
    {
        var field = new SpecField(path);
        if (field.Descriptor.IsMap)
        {
            var map = (IDictionary)field.Open(spec);
            map.Clear();
            map.Add($"key{seed}a", $"value{seed}a");
            map.Add($"key{seed}b", $"value{seed}b");
        }
        else if (field.Descriptor.IsRepeated)
        {
            var list = (IList)field.Open(spec);
            list.Clear();
            list.Add(One(field.Descriptor, seed, "a"));
            list.Add(One(field.Descriptor, seed, "b"));
        }
        else
        {
            field.Set(spec, One(field.Descriptor, seed, ""));
        }
    }

    private static object One(FieldDescriptor field, int seed, string suffix)
    {
        switch (field.FieldType)
        {
            case FieldType.Bool:
                return seed >= 0;
            case FieldType.String when field.Name == "env":
                return $"NAME{seed}{suffix}=value{seed}";
            case FieldType.String:
                return $"text{seed}{suffix}";
            case FieldType.UInt32:
                return (uint)Math.Abs(1000 + seed);
            case FieldType.UInt64:
                return (ulong)Math.Abs(1000 + seed);
            case FieldType.Int64:
                // Falling: limits come before reservations, which must not exceed them.
                return 1_000_000_000L - (seed * 100_000L);
            case FieldType.Double:
                return 1.0 / (2 + Math.Abs(seed));
            case FieldType.Enum:
                // Two seeds of different signs give different words.
                return System.Enum.ToObject(field.EnumType.ClrType, field.EnumType.Values[seed >= 0 ? 1 : 0].Number);
            case FieldType.Message when field.MessageType == Duration.Descriptor:
                return Duration.FromTimeSpan(TimeSpan.FromSeconds(1000 + seed));
            case FieldType.Message:
                var message = field.MessageType.Parser.ParseFrom(ByteString.Empty);
                foreach (var inner in field.MessageType.Fields.InFieldNumberOrder())
                {
                    if (inner.IsMap)
                    {
                        ((IDictionary)inner.Accessor.GetValue(message)).Add($"inner{seed}{suffix}", "value");
                    }
                    else
                    {
                        inner.Accessor.SetValue(message, One(inner, seed, suffix));
                    }
                }
                return message;
            default:
                throw new NotSupportedException($"{field.FullName} has a type without values here.");
        }
    }

    private static IEnumerable<string> Under(MessageDescriptor message, string prefix)
    {
        foreach (var field in message.Fields.InFieldNumberOrder())
        {
            var nested =
                field.FieldType == FieldType.Message
                && !field.IsRepeated
                && field.MessageType != Duration.Descriptor
                && field.MessageType.Fields.InFieldNumberOrder().Count > 0;
            foreach (var path in nested ? Under(field.MessageType, $"{prefix}{field.Name}.") : [prefix + field.Name])
            {
                yield return path;
            }
        }
    }
}
