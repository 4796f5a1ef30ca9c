using System.Reflection;

namespace Swarm.Cmdlets.Services;

/// <summary>An option of a service: a parameter of New-SwarmService or Set-SwarmService, and the field of the spec that it stands for.</summary>
/// <param name="Name">The parameter's.</param>
/// <param name="Field">Null: the option has a rule of its own in <see cref="ServiceSpecBuilder"/>.</param>
internal sealed record ServiceOption(string Name, SpecField? Field, SpecFieldUse Use)
{
    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, ServiceOption> All { get; } =
        typeof(ServiceUpdateCmdlet)
            .GetProperties()
            .Where(p => p.IsDefined(typeof(ParameterAttribute)))
            .Select(Of)
            .ToDictionary(o => o.Name, StringComparer.OrdinalIgnoreCase);

    private static ServiceOption Of(PropertyInfo property)
    {
        var attribute = property.GetCustomAttribute<SpecFieldAttribute>();
        return new(property.Name, attribute is null ? null : new SpecField(attribute.Path), attribute?.Use ?? SpecFieldUse.Set);
    }
}
