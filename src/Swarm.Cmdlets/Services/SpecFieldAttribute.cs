namespace Swarm.Cmdlets.Services;

/// <summary>Names the field of a service's spec that an option stands for.</summary>
/// <param name="path">Names of the protocol's fields, from the spec down: <c>container.stop_signal</c>.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SpecFieldAttribute(string path) : Attribute
{
    public string Path => path;

    public SpecFieldUse Use { get; init; }
}

/// <summary>The effect of an option on its field.</summary>
internal enum SpecFieldUse
{
    /// <summary>Sets a value; entries of a list or a map are added to those that are there.</summary>
    Set = 0,

    /// <summary>Sets a list; entries that were there go.</summary>
    Replace = 1,

    /// <summary>Removes entries of a list, or keys of a map.</summary>
    Remove = 2,
}
