namespace Swarm.MamlWriter;

/// <summary>A parameter set, with its parameters in the order of the page's line of syntax.</summary>
internal sealed record ParameterSetHelp(string Name, IReadOnlyList<string> Order)
{
    /// <summary>The parameters of this set with their places, in the order of PlatyPS and <c>Get-Command -Syntax</c>. By position, then what must be
    /// given, then the rest. Equals come as the line of syntax has them.</summary>
    public IEnumerable<(ParameterHelp Parameter, ParameterPlace Place)> Sort(IEnumerable<ParameterHelp> parameters) =>
        parameters
            .Select(p => (Parameter: p, Place: p.Sets.FirstOrDefault(s => s.Name == Name || s.Name == CommandHelp.AllSets)))
            .Where(p => p.Place is not null)
            .Select(p => (p.Parameter, Place: p.Place!))
            .OrderBy(p => int.TryParse(p.Place.Position, out var position) ? position : int.MaxValue)
            .ThenBy(p => p.Place.IsNamed && !p.Place.Required)
            .ThenBy(p => Index(p.Parameter.Name));

    private int Index(string name) => Order.Index().FirstOrDefault(o => o.Item == name, (Index: Order.Count, Item: name)).Index;
}
