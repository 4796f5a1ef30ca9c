using System.Globalization;
using System.Reflection;
using Swarm.Core.Model;

namespace Swarm.Daemon.Tests.Options;

/// <summary>Records of the model with every property set to a value of its own. They are made from the types, so a new property takes part by itself.</summary>
internal static class SpecValues
{
    public static ServiceSpec Full { get; } = Make<ServiceSpec>();

    public static T Make<T>()
    {
        var next = 0;
        return (T)Make(typeof(T), typeof(T).Name, ref next);
    }

    public static object Make(Type type)
    {
        var next = 0;
        return Make(type, type.Name, ref next);
    }

    /// <summary>Each property of the record and of the records in it, with a copy of the whole in which it alone has another value. Entries of lists of
    /// records are changed one by one: <c>Container.Mounts[1].Source</c>.</summary>
    public static IEnumerable<(string Path, T Value)> EachChanged<T>(T record)
        where T : notnull => Changed(record).Select(c => (c.Path, (T)c.Value));

    private static IEnumerable<(string Path, object Value)> Changed(object record)
    {
        foreach (var property in Settable(record.GetType()))
        {
            foreach (var (path, value) in Others(property, property.GetValue(record)!))
            {
                var copy = record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
                property.SetValue(copy, value);
                yield return (property.Name + path, copy);
            }
        }
    }

    private static IEnumerable<(string Path, object Value)> Others(PropertyInfo property, object value)
    {
        if (value is ServiceMode)
        {
            return [("", new ServiceMode.Replicated(77)), ("", new ServiceMode.Global())];
        }
        if (IsRecord(value.GetType()))
        {
            return Changed(value).Select(c => ("." + c.Path, c.Value));
        }
        if (ElementOf(property.PropertyType) is { } element && IsRecord(element))
        {
            var items = ((System.Collections.IEnumerable)value).Cast<object>().ToArray();
            return items
                .SelectMany(
                    (item, i) =>
                        Changed(item).Select(c => ($"[{i}].{c.Path}", List(element, [.. items[..i], c.Value, .. items[(i + 1)..]])))
                )
                .Append(("", List(element, items[1..])));
        }
        return [("", Other(property, value))];
    }

    private static object Other(PropertyInfo property, object value)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (value is bool flag)
        {
            return !flag;
        }
        if (type.IsEnum)
        {
            return Enum.GetValues(type).Cast<object>().First(v => !v.Equals(value));
        }
        var next = 500;
        return Make(type, property.Name, ref next);
    }

    private static object Make(Type type, string name, ref int next)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var n = ++next;
        if (type == typeof(string))
        {
            // As long as an id.
            return $"text{n:D21}";
        }
        if (type == typeof(bool))
        {
            return true;
        }
        if (type == typeof(TimeSpan))
        {
            return TimeSpan.FromSeconds(100 + n);
        }
        if (type == typeof(DateTimeOffset))
        {
            return DateTimeOffset.UnixEpoch.AddSeconds(n);
        }
        if (type == typeof(double))
        {
            return 1.0 / (n + 1);
        }
        if (type == typeof(byte[]))
        {
            return Enumerable.Range(n, 200).Select(i => (byte)i).ToArray();
        }
        if (type.IsEnum)
        {
            return Enum.GetValues(type).GetValue(1)!;
        }
        if (type.IsPrimitive)
        {
            return Convert.ChangeType(100 + n, type, CultureInfo.InvariantCulture);
        }
        if (type == typeof(ValueMap))
        {
            return ValueMap.From([new($"key{n}", $"value{n}")]);
        }
        if (type == typeof(ServiceMode))
        {
            return new ServiceMode.Replicated((ulong)n);
        }
        if (ElementOf(type) is { } element)
        {
            return List(
                element,
                element == typeof(Mount) ? Mounts(ref next) : [Entry(element, name, ref next), Entry(element, name, ref next)]
            );
        }
        if (type.GetConstructor([]) is null)
        {
            // A positional record.
            var constructor = type.GetConstructors()[0];
            var arguments = new List<object>();
            foreach (var parameter in constructor.GetParameters())
            {
                arguments.Add(Make(parameter.ParameterType, parameter.Name!, ref next));
            }
            return constructor.Invoke([.. arguments]);
        }
        var record = Activator.CreateInstance(type)!;
        foreach (var property in Settable(type))
        {
            property.SetValue(record, Make(property.PropertyType, property.Name, ref next));
        }
        return record;
    }

    // Docker writes capabilities in one way only.
    private static object Entry(Type element, string name, ref int next) =>
        name.StartsWith("Capability", StringComparison.Ordinal) ? $"CAP_TEXT{++next}" : Make(element, name, ref next);

    /// <summary>A mount of each type, with the options of that type. The names of the properties begin with the type they belong to.</summary>
    private static object[] Mounts(ref int next)
    {
        var mounts = new List<object>();
        foreach (var type in Enum.GetValues<MountType>())
        {
            var mount = new Mount { Type = type, Target = $"/target{++next}" };
            foreach (var property in Settable(typeof(Mount)).Where(p => p.Name is not ("Type" or "Target")))
            {
                var only = Enum.GetValues<MountType>()
                    .Cast<MountType?>()
                    .FirstOrDefault(t => property.Name.StartsWith($"{t}", StringComparison.Ordinal));
                if ((only ?? type) == type && !(type == MountType.Tmpfs && property.Name == nameof(Mount.Source)))
                {
                    property.SetValue(mount, Make(property.PropertyType, property.Name, ref next));
                }
            }
            mounts.Add(mount);
        }
        return [.. mounts];
    }

    private static object List(Type element, object[] items)
    {
        var typed = Array.CreateInstance(element, items.Length);
        items.CopyTo(typed, 0);
        return typeof(ValueListBuilder).GetMethod(nameof(ValueListBuilder.ToValueList))!.MakeGenericMethod(element).Invoke(null, [typed])!;
    }

    private static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueList<>) ? type.GetGenericArguments()[0] : null;

    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.GetIndexParameters().Length == 0);
}
