namespace Swarm.MamlWriter;

/// <summary>A parameter of a cmdlet, with its place in each parameter set.</summary>
internal sealed record ParameterHelp(
    string Name,
    string Type,
    string Default,
    bool Wildcards,
    IReadOnlyList<string> Aliases,
    IReadOnlyList<string> Values,
    IReadOnlyList<string> Description,
    IReadOnlyList<ParameterPlace> Sets
);
