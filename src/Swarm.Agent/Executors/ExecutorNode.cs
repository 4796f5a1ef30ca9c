using Swarm.Core.Model;

namespace Swarm.Agent.Executors;

/// <summary>The node of an executor. Several swarmd may share one engine; cluster and node id keep their tasks apart.</summary>
public sealed record ExecutorNode
{
    public required string ClusterId { get; init; }
    public required string NodeId { get; init; }
    public required string Hostname { get; init; }

    /// <summary>Engine labels of <c>--label</c>; they win over the engine's own.</summary>
    public ValueMap Labels { get; init; } = ValueMap.Empty;

    /// <summary>The resources that this node offers; null: all of the machine (or engine). Sandbox nodes divide the machine.</summary>
    public ResourceAmount? Resources { get; init; }
    public string SwarmdVersion { get; init; } = typeof(ExecutorNode).Assembly.GetName().Version?.ToString(3) ?? "";
}
