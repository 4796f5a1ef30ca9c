using Swarm.Core.Model;

namespace Swarm.Agent.Executors;

/// <summary>Who an executor works for. Several swarmd may share one engine; cluster and node id keep their tasks apart.</summary>
public sealed record ExecutorNode
{
    public required string ClusterId { get; init; }
    public required string NodeId { get; init; }
    public required string Hostname { get; init; }

    /// <summary>Engine labels given with <c>--label</c>; they win over the engine's own.</summary>
    public ValueMap Labels { get; init; } = ValueMap.Empty;

    /// <summary>What this node offers; null: all that the machine (or engine) has. Sandbox nodes divide the machine.</summary>
    public ResourceAmount? Resources { get; init; }
    public string SwarmdVersion { get; init; } = typeof(ExecutorNode).Assembly.GetName().Version?.ToString(3) ?? "";
}
