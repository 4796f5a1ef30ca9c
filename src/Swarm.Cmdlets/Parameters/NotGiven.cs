namespace Swarm.Cmdlets.Parameters;

/// <summary>The value of an empty cell or property. No parameter takes it: a property of an object stays unbound, and an argument of the command line
/// is refused.</summary>
/// <remarks>The engine passes over a property that it cannot convert. An exception in its place would refuse the whole object.</remarks>
internal sealed class NotGiven
{
    public static NotGiven Value { get; } = new();

    private NotGiven() { }

    // The engine's error repeats it.
    public override string ToString() => "empty";
}
