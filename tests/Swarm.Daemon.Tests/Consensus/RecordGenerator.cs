using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using Swarm.Core.Model;

namespace Swarm.Daemon.Tests.Consensus;

/// <summary>Makes random values of any record of the model by reflection, so that a new property or kind is covered the day it appears.</summary>
internal sealed class RecordGenerator(int seed)
{
    private static readonly string[] Texts = ["", "a", "node.labels.zone==east", "é ü 漢字 \"quoted\" \\ /", "\u0000\n\t", "x=1,y=2"];
    private readonly Random _random = new(seed);

    public T Make<T>() => (T)Make(typeof(T))!;

    public object? Make(Type type, bool nullable = false)
    {
        if (nullable && _random.Next(3) == 0)
        {
            return null;
        }
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return _random.Next(3) == 0 ? null : Make(underlying);
        }
        return type switch
        {
            _ when type == typeof(string) => Texts[_random.Next(Texts.Length)],
            _ when type == typeof(bool) => _random.Next(2) == 1,
            _ when type == typeof(int) => _random.Next(int.MinValue, int.MaxValue),
            _ when type == typeof(uint) => (uint)_random.NextInt64(uint.MaxValue),
            _ when type == typeof(long) => _random.NextInt64(long.MinValue, long.MaxValue),
            _ when type == typeof(ulong) => _random.Next(4) == 0 ? ulong.MaxValue : (ulong)_random.NextInt64(),
            _ when type == typeof(double) => _random.NextDouble(),
            _ when type == typeof(TimeSpan) => new TimeSpan(_random.NextInt64(-1_000_000_000_000, 1_000_000_000_000)),
            _ when type == typeof(DateTimeOffset) => new DateTimeOffset(_random.NextInt64(0, 3_000_000_000_000_000_000), TimeSpan.Zero),
            _ when type == typeof(byte[]) => RandomBytes(),
            _ when type == typeof(ValueMap) => ValueMap.From(
                Enumerable.Range(0, _random.Next(4)).Select(i => new KeyValuePair<string, string>($"k{i}", Make<string>()))
            ),
            { IsEnum: true } => MakeEnum(type),
            _ when Element(type, typeof(ValueList<>)) is { } element => MakeList(element, nameof(ValueListBuilder.ToValueList)),
            _ when Element(type, typeof(IReadOnlyList<>)) is { } element => MakeList(element, nameof(Enumerable.ToList)),
            { IsAbstract: true } => MakeVariant(type),
            _ => MakeRecord(type),
        };
    }

    /// <summary>Value equality through arrays and lists, which records compare by reference. Null, or the path to the first difference.</summary>
    public static string? Difference(object? left, object? right, string path = "")
    {
        if (left is null || right is null || left.GetType() != right.GetType() && left is not IEnumerable)
        {
            return Equals(left, right) ? null : path;
        }
        if (left is string or ValueType and not IEnumerable)
        {
            return left.Equals(right) ? null : path;
        }
        if (left is IEnumerable many)
        {
            var (a, b) = (many.Cast<object?>().ToList(), ((IEnumerable)right).Cast<object?>().ToList());
            return a.Count != b.Count
                ? path + ".Count"
                : a.Select((item, i) => Difference(item, b[i], $"{path}[{i}]")).FirstOrDefault(d => d is not null);
        }
        return Properties(left.GetType())
            .Select(p => Difference(p.GetValue(left), p.GetValue(right), $"{path}.{p.Name}"))
            .FirstOrDefault(d => d is not null);
    }

    private static Type? Element(Type type, Type definition) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == definition ? type.GetGenericArguments()[0] : null;

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite);

    private byte[] RandomBytes()
    {
        var bytes = new byte[_random.Next(64)];
        _random.NextBytes(bytes);
        return bytes;
    }

    private object MakeEnum(Type type)
    {
        var values = Enum.GetValues(type);
        return values.GetValue(_random.Next(values.Length))!;
    }

    private object MakeList(Type element, string method)
    {
        var items = Array.CreateInstance(element, _random.Next(4));
        for (var i = 0; i < items.Length; i++)
        {
            items.SetValue(Make(element), i);
        }
        var owner = method == nameof(Enumerable.ToList) ? typeof(Enumerable) : typeof(ValueListBuilder);
        return owner.GetMethod(method)!.MakeGenericMethod(element).Invoke(null, [items])!;
    }

    private object? MakeVariant(Type type)
    {
        var variants = type.GetNestedTypes().Where(t => t.IsSubclassOf(type)).ToList();
        return Make(variants[_random.Next(variants.Count)]);
    }

    private object MakeRecord(Type type)
    {
        var context = new NullabilityInfoContext();
        var constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).FirstOrDefault();
        var record =
            constructor is { } known && known.GetParameters().Length > 0
                ? known.Invoke([
                    .. known.GetParameters().Select(p => Make(p.ParameterType, context.Create(p).ReadState == NullabilityState.Nullable)),
                ])
                : RuntimeHelpers.GetUninitializedObject(type);
        foreach (var property in Properties(type))
        {
            property.SetValue(record, Make(property.PropertyType, context.Create(property).ReadState == NullabilityState.Nullable));
        }
        return record;
    }
}
