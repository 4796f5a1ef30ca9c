namespace Swarm.Core.Model;

/// <summary>A machine of the swarm.</summary>
public sealed record Node
{
    public required string Id { get; init; }
    public ulong Version { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The administrator's: labels, availability, wanted role.</summary>
    public NodeSpec Spec { get; init; } = NodeSpec.Default;

    /// <summary>The agent's: what the machine is.</summary>
    public NodeDescription Description { get; init; } = NodeDescription.Unknown;
    public NodeStatus Status { get; init; } = NodeStatus.New;

    /// <summary>The role its certificate gives it now.</summary>
    public NodeRole Role { get; init; }

    /// <summary>Host name, or the id before the agent has said it.</summary>
    public string Name => Description.Hostname.Length > 0 ? Description.Hostname : Id;
}

/// <summary>What the administrator wants of a node.</summary>
public sealed record NodeSpec
{
    public static NodeSpec Default { get; } = new();
    public ValueMap Labels { get; init; } = ValueMap.Empty;
    public NodeRole Role { get; init; }
    public NodeAvailability Availability { get; init; }
}

/// <summary>What the manager observes of a node.</summary>
public sealed record NodeStatus
{
    public static NodeStatus New { get; } = new() { Message = "waiting for the first session" };
    public NodeState State { get; init; }
    public string Message { get; init; } = "";
    public string Address { get; init; } = "";
    public DateTimeOffset? Since { get; init; }

    /// <summary>A planned restart of its swarmd holds it Ready until then.</summary>
    public DateTimeOffset? HeldUntil { get; init; }
}

/// <summary>What a node is, in its agent's words.</summary>
public sealed record NodeDescription
{
    public static NodeDescription Unknown { get; } = new();
    public string Hostname { get; init; } = "";
    public string Os { get; init; } = "";
    public string Architecture { get; init; } = "";
    public ResourceAmount Resources { get; init; } = ResourceAmount.Zero;
    public string EngineVersion { get; init; } = "";
    public ValueMap EngineLabels { get; init; } = ValueMap.Empty;

    /// <summary><c>Network/bridge</c>, <c>Volume/local</c>, …</summary>
    public ValueList<string> Plugins { get; init; } = [];

    /// <summary>Docker, Process or Simulated.</summary>
    public string Executor { get; init; } = "";
    public string SwarmdVersion { get; init; } = "";
}
