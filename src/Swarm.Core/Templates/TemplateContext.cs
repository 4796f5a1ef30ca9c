using Swarm.Core.Model;

namespace Swarm.Core.Templates;

/// <summary>The values that templates can name. Source: moby/swarmkit template/context.go.</summary>
public sealed record TemplateContext
{
    public required string ServiceId { get; init; }
    public required string ServiceName { get; init; }
    public required ValueMap ServiceLabels { get; init; }

    /// <summary>The value of a label that the service does not have. Go gives the empty text.</summary>
    public string AnyLabel { get; init; } = "";
    public required string NodeId { get; init; }
    public required string NodeHostname { get; init; }
    public required string Os { get; init; }
    public required string Architecture { get; init; }
    public required string TaskId { get; init; }

    /// <summary>The name of the task's container: helloworld.1.&lt;task id&gt;.</summary>
    public required string TaskName { get; init; }

    /// <summary>The slot's number; for a task of a global service, the node's id.</summary>
    public required string TaskSlot { get; init; }
}
