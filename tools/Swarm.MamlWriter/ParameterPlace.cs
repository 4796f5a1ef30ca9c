namespace Swarm.MamlWriter;

/// <summary>A parameter in one parameter set; <c>Position</c> is a number or <c>Named</c>.</summary>
internal sealed record ParameterPlace(string Name, string Position, bool Required, bool FromPipeline, bool FromPipelineByName)
{
    public bool IsNamed => !int.TryParse(Position, out _);
}
