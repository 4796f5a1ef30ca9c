using System.Reflection;
using Swarm.Control.Objects;
using Swarm.Core.Model;
using Swarm.Wire.Mapping;

namespace Swarm.Daemon.Tests.Api;

public sealed class ProtocolMappingTests
{
    [Fact]
    public void A_spec_with_every_property_set_survives_the_protocol()
    {
        var spec = NonDefault.Of<ServiceSpec>();
        Assert.Equal(spec, ProtocolMapping.FromWire(ProtocolMapping.ToWire(spec)));
        var global = spec with { Mode = new ServiceMode.Global() };
        Assert.Equal(global, ProtocolMapping.FromWire(ProtocolMapping.ToWire(global)));
    }

    [Fact]
    public void Descriptions_statuses_and_credentials_survive_the_protocol()
    {
        var description = NonDefault.Of<NodeDescription>();
        Assert.Equal(description, ProtocolMapping.FromWire(ProtocolMapping.ToWire(description)));
        var status = NonDefault.Of<Core.Model.TaskStatus>();
        Assert.Equal(status, ProtocolMapping.FromWire(ProtocolMapping.ToWire(status), DateTimeOffset.MinValue));
        var withoutExit = status with { ExitCode = null };
        Assert.Equal(withoutExit, ProtocolMapping.FromWire(ProtocolMapping.ToWire(withoutExit), DateTimeOffset.MinValue));
        var credential = new RegistryCredential("a", "b", "c");
        Assert.Equal(credential, ProtocolMapping.FromWire(ProtocolMapping.ToWire(credential)));
        foreach (var state in Enum.GetValues<TaskState>())
        {
            Assert.Equal(state, ProtocolMapping.FromWire(ProtocolMapping.ToWire(state)));
        }
    }

    [Fact]
    public void Every_property_of_a_spec_shows_in_a_comparison()
    {
        var spec = NonDefault.Of<ServiceSpec>();
        Assert.Empty(SpecProperties.Compare(spec, spec));
        foreach (var changed in NonDefault.EachPropertyReset(spec))
        {
            Assert.True(SpecProperties.Compare(spec, changed.Value).Count > 0, changed.Path);
        }
    }

    [Fact]
    public void Absent_messages_mean_dockers_defaults()
    {
        var spec = ProtocolMapping.FromWire(
            new Protocol.V1.ServiceSpec
            {
                Name = "a",
                Container = new Protocol.V1.ContainerSpec { Image = "b" },
            }
        );
        Assert.Equal(
            new ServiceSpec
            {
                Name = "a",
                Container = new ContainerSpec { Image = "b" },
                Mode = new ServiceMode.Replicated(1),
            },
            spec
        );
    }

    /// <summary>Records with every property set to something that is not its default.</summary>
    private static class NonDefault
    {
        private static int _next;

        public static T Of<T>() => (T)Of(typeof(T));

        public static IEnumerable<(string Path, ServiceSpec Value)> EachPropertyReset(ServiceSpec spec)
        {
            foreach (var (path, value) in Changed(spec, typeof(ServiceSpec)))
            {
                yield return (path, (ServiceSpec)value);
            }
        }

        private static IEnumerable<(string Path, object Value)> Changed(object record, Type type)
        {
            foreach (var property in Settable(type))
            {
                var value = property.GetValue(record);
                if (value is null)
                {
                    continue;
                }
                var nested = IsRecord(value.GetType()) ? Changed(value, value.GetType()) : [("", Different(value, property.PropertyType))];
                foreach (var (path, changed) in nested)
                {
                    var copy = Clone(record);
                    property.SetValue(copy, changed);
                    yield return ($"{property.Name}.{path}", copy);
                }
            }
        }

        private static object Different(object value, Type type)
        {
            type = Nullable.GetUnderlyingType(type) ?? type;
            if (type == typeof(bool))
            {
                return !(bool)value;
            }
            if (type.IsEnum)
            {
                return Enum.GetValues(type).Cast<object>().First(v => !v.Equals(value));
            }
            return Of(type);
        }

        private static object Clone(object record) =>
            record.GetType().GetMethod("<Clone>$", BindingFlags.Instance | BindingFlags.Public)!.Invoke(record, null)!;

        private static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;

        private static IEnumerable<PropertyInfo> Settable(Type type) =>
            type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.GetIndexParameters().Length == 0);

        private static object Of(Type type)
        {
            type = Nullable.GetUnderlyingType(type) ?? type;
            var n = ++_next;
            if (type == typeof(string))
            {
                return $"text{n}";
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
            if (type.IsEnum)
            {
                return Enum.GetValues(type).GetValue(1)!;
            }
            if (type.IsPrimitive)
            {
                return Convert.ChangeType(100 + n, type, System.Globalization.CultureInfo.InvariantCulture);
            }
            if (type == typeof(ValueMap))
            {
                return ValueMap.From([new($"key{n}", $"value{n}")]);
            }
            if (type == typeof(ServiceMode))
            {
                return new ServiceMode.Replicated((ulong)n);
            }
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueList<>))
            {
                var element = type.GetGenericArguments()[0];
                var items = Array.CreateInstance(element, 2);
                items.SetValue(Of(element), 0);
                items.SetValue(Of(element), 1);
                var make = typeof(ValueListBuilder).GetMethod(nameof(ValueListBuilder.ToValueList))!;
                return make.MakeGenericMethod(element).Invoke(null, [items])!;
            }
            if (type == typeof(ResourceAmount))
            {
                return new ResourceAmount(1_000_000 + n, 5_000_000 + n);
            }
            var record = Activator.CreateInstance(type)!;
            foreach (var property in Settable(type))
            {
                property.SetValue(record, Of(property.PropertyType));
            }
            return record;
        }
    }
}
