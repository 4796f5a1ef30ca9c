using System.Collections;
using System.Reflection;
using System.Text.Json;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Services;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests.Options;

/// <summary>Follows every option of a service: from the parameter into the spec, and from the spec into the object. A forgotten option fails by its name.</summary>
public sealed class OptionFlowTests
{
    /// <summary>Fields that no single parameter is written to, with the reason.</summary>
    private static readonly Dictionary<string, string> WithoutParameter = new()
    {
        ["name"] = "-Name of New-SwarmService; a service cannot be renamed",
        ["replicated.replicas"] = "-Replicas: a rule of its own, since it contradicts -Mode Global",
        ["global"] = "-Mode of New-SwarmService",
        ["force_update"] = "-ForceUpdate raises the number",
        ["container.health_check.test"] = "-HealthCommand and -NoHealthCheck",
        ["placement.platforms"] = "the manager's, from the image's registry",
    };

    /// <summary>Lists that have no parameter to remove entries, with the reason.</summary>
    private static readonly Dictionary<string, string> WithoutRemoval = new()
    {
        ["container.capability_add"] = "-CapDrop takes it away",
        ["container.capability_drop"] = "-CapAdd takes it away",
    };

    /// <summary>Fields that the object does not show, with the reason.</summary>
    private static readonly Dictionary<string, string> WithoutProperty = new()
    {
        ["placement.platforms"] = "not the user's",
        ["replicated.replicas"] = "of a global service; the replicated one is tested beside",
    };

    public static TheoryData<string> Settings =>
        [.. ServiceOption.All.Values.Where(o => o.Field is not null && o.Use != SpecFieldUse.Remove).Select(o => o.Name)];

    public static TheoryData<string> Removals => [.. ServiceOption.All.Values.Where(o => o.Use == SpecFieldUse.Remove).Select(o => o.Name)];

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_parameter_is_written_to_its_field_and_no_other(string option)
    {
        var field = ServiceOption.All[option].Field!;
        var before = ServiceSpecDefaults.New("web", global: false);
        var after = before.Clone();
        new ServiceSpecBuilder(new Dictionary<string, object?> { [option] = Value(option, 7) }).Change(after);
        var changes = SpecDiff.Changes(before, after).Keys;
        Assert.NotEmpty(changes);
        // The entries of a map are compared one by one.
        Assert.All(
            changes,
            c => Assert.True(c == JsonPath(field.Path) || c.StartsWith(JsonPath(field.Path) + ".", StringComparison.Ordinal), c)
        );

        var other = before.Clone();
        new ServiceSpecBuilder(new Dictionary<string, object?> { [option] = Value(option, -7) }).Change(other);
        Assert.True(
            !Equals(field.Get(after), field.Get(other)) || field.Descriptor.FieldType == Google.Protobuf.Reflection.FieldType.Bool,
            option
        );
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_parameter_that_is_not_given_changes_nothing(string option)
    {
        var spec = SpecFields.Full();
        var before = spec.Clone();
        new ServiceSpecBuilder(new Dictionary<string, object?>()).Change(spec);
        Assert.Equal(before, spec);
        Assert.NotNull(ServiceOption.All[option].Field!.Get(spec));
    }

    [Theory]
    [MemberData(nameof(Removals))]
    public void A_removal_takes_what_it_names_and_leaves_the_rest(string option)
    {
        var field = ServiceOption.All[option].Field!;
        var setting = ServiceOption.All.Values.Single(o => o.Field?.Path == field.Path && o.Use == SpecFieldUse.Set).Name;
        var (wanted, both) = (ServiceSpecDefaults.New("web", global: false), ServiceSpecDefaults.New("web", global: false));
        new ServiceSpecBuilder(new Dictionary<string, object?> { [setting] = Value(setting, 7) }).Change(wanted);
        new ServiceSpecBuilder(new Dictionary<string, object?> { [setting] = Value(setting, 7) }).Change(both);
        new ServiceSpecBuilder(new Dictionary<string, object?> { [setting] = Value(setting, 8) }).Change(both);
        Assert.NotEqual(wanted, both);
        new ServiceSpecBuilder(new Dictionary<string, object?> { [option] = Names(Value(setting, 8)) }).Change(both);
        Assert.Equal(wanted, both);
    }

    [Fact]
    public void Every_field_has_a_parameter()
    {
        var written = ServiceOption.All.Values.Where(o => o.Use != SpecFieldUse.Remove).Select(o => o.Field?.Path);
        Assert.Equal(WithoutParameter.Keys.Order(StringComparer.Ordinal), SpecFields.Paths.Except(written).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_list_that_is_merged_has_a_parameter_to_remove_entries()
    {
        var merged = ServiceOption.All.Values.Where(o => o is { Field.Descriptor.IsRepeated: true, Use: SpecFieldUse.Set });
        var removed = ServiceOption.All.Values.Where(o => o.Use == SpecFieldUse.Remove).Select(o => o.Field!.Path);
        Assert.Equal(
            WithoutRemoval.Keys.Order(StringComparer.Ordinal),
            merged.Select(o => o.Field!.Path).Except(removed).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async ValueTask Every_parameter_of_the_command_line_reaches_the_manager()
    {
        await using var shell = await Shell.StartAsync();
        var options = Settings.Select(o => o.Data).ToDictionary(o => o, o => (object?)Value(o, 7));
        shell.Run("New-SwarmService web @options", ("options", new Hashtable(options))).ThrowIfFailed();
        var expected = new ServiceSpecBuilder(options).Create("web", ServiceMode.Replicated);
        Assert.Equal(expected, shell.Fake.Last<V1.CreateServiceRequest>().Spec);
    }

    [Fact]
    public void Every_field_reaches_the_object()
    {
        var full = new V1.Service { Spec = SpecFields.Full() };
        var shown = Text(full);
        Assert.All(
            SpecFields.Paths.Except(WithoutProperty.Keys),
            path =>
            {
                var changed = full.Clone();
                SpecFields.Fill(changed.Spec, path, -1000);
                if (Text(changed) == shown)
                {
                    // A flag has one other value only.
                    new SpecField(path).Set(changed.Spec, false);
                }
                Assert.True(Text(changed) != shown, path);
            }
        );
    }

    [Fact]
    public void Every_property_of_the_object_has_a_source()
    {
        var time = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddDays(9));
        var service = OutputMapper.ToService(
            new V1.Service
            {
                Id = "id",
                Version = 3,
                Revision = 2,
                RunningTasks = 5,
                CreatedAt = time,
                UpdatedAt = time,
                Spec = SpecFields.Full(),
                PreviousSpec = SpecFields.Full(),
                UpdateStatus = new V1.UpdateStatus { State = V1.UpdateState.Updating },
            }
        );
        var untouched = new Service();
        Assert.All(
            typeof(Service).GetProperties().Where(p => p.Name != nameof(Service.Mode) && p.CanWrite),
            property => Assert.True(Json(property.GetValue(service)) != Json(property.GetValue(untouched)), property.Name)
        );
    }

    private static string Text(V1.Service service) => Json(OutputMapper.ToService(service));

    private static string Json(object? value) => JsonSerializer.Serialize(value);

    // As protobuf writes its JSON, where SpecDiff has its names from.
    private static string JsonPath(string path) =>
        System.Text.RegularExpressions.Regex.Replace(path, "_([a-z])", m => m.Groups[1].Value.ToUpperInvariant());

    /// <summary>A value of the parameter's type that depends on the seed.</summary>
    internal static object Value(string option, int seed)
    {
        var type = Property(option).PropertyType;
        return type switch
        {
            _ when option == "PlacementPreference" => new[] { $"node.labels.text{seed}" },
            _ when option == "Env" => new[] { $"NAME{seed}=value" },
            _ when type == typeof(string) => $"text{seed}",
            _ when type == typeof(string[]) => new[] { $"{option}{seed}a", $"{option}{seed}b" },
            _ when type == typeof(Hashtable) => new Hashtable { [$"key{seed}"] = $"value{seed}" },
            _ when type == typeof(Mount[]) => new[]
            {
                new Mount
                {
                    Type = MountType.Volume,
                    Source = $"volume{seed}",
                    Target = $"/target{seed}",
                },
            },
            _ when type == typeof(PublishedPort[]) => new[]
            {
                new PublishedPort { Target = 100 + seed, Published = 8000 + seed },
            },
            _ when type == typeof(SwitchParameter) => new SwitchParameter(true),
            _ when type == typeof(long) => 1000L + seed,
            _ when type == typeof(int) => 1000 + seed,
            _ when type == typeof(decimal) => 20m + seed,
            _ when type == typeof(double) => 1.0 / (10 + seed),
            _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(1000 + seed),
            { IsEnum: true } => Enum.GetValues(type).GetValue(seed > 0 ? 1 : 0)!,
            _ => throw new NotSupportedException($"-{option} has a type without values here."),
        };
    }

    /// <summary>The names by which a Remove parameter selects the entries.</summary>
    private static Array Names(object value) =>
        value switch
        {
            Hashtable map => map.Keys.Cast<string>().ToArray(),
            Mount[] mounts => mounts.Select(m => m.Target).ToArray(),
            string[] texts => texts.Select(t => t.Split('=')[0]).ToArray(),
            _ => (Array)value,
        };

    private static PropertyInfo Property(string option) => typeof(ServiceUpdateCmdlet).GetProperty(option)!;
}
