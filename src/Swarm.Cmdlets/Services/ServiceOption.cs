using System.Reflection;

namespace Swarm.Cmdlets.Services;

/// <summary>An option of a service: a parameter of New-SwarmService or Set-SwarmService, and the field of the spec that it stands for.</summary>
/// <param name="Name">The parameter's.</param>
/// <param name="Field">Null: the option has a rule of its own in <see cref="ServiceSpecBuilder"/>.</param>
internal sealed record ServiceOption(string Name, SpecField? Field, SpecFieldUse Use)
{
    // They say how a change is made, and are none.
    private static readonly string[] Ways = ["Session", "Wait", "Timeout", "NoResolveImage", "InputObject"];

    /// <summary>Names of the parameters that change a service. A registry credential is a new attempt.</summary>
    public static IReadOnlyList<string> Changes => [.. All.Keys.Except(Ways, StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The id of the error when an entry to remove is not there. A network that the service is not attached to may well exist.</summary>
    public string NotFoundId => Name == "RemoveNetwork" ? "NetworkNotAttached" : $"{Name["Remove".Length..]}NotFound";

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
