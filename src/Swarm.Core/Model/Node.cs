namespace Swarm.Core.Model;

/// <summary>A machine of the swarm.</summary>
public sealed record Node
{
    public required string Id { get; init; }
    public ulong Version { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Set by the administrator: labels, availability, wanted role.</summary>
    public NodeSpec Spec { get; init; } = NodeSpec.Default;

    /// <summary>Reported by the agent: facts of the machine.</summary>
    public NodeDescription Description { get; init; } = NodeDescription.Unknown;
    public NodeStatus Status { get; init; } = NodeStatus.New;

    /// <summary>The role that the node's current certificate gives it.</summary>
    public NodeRole Role { get; init; }

    /// <summary>The name that the swarm gave the node, from its host name (see <c>NodeNames</c>). Empty: the host name is the name. That is
    /// so in the states of earlier versions, and where the swarm is Docker's.</summary>
    public string GivenName { get; init; } = "";

    /// <summary>From 1: the number that its tasks' subnet, its marks and its tunnel's addresses are made from. No other node has it. 0: none yet.</summary>
    public uint Number { get; init; }

    /// <summary>Names that the node had before. They stay its own until it is removed.</summary>
    public ValueList<string> FormerNames { get; init; } = [];

    /// <summary>The node's own name in the swarm; its id until the agent has reported a host name.</summary>
    public string Name =>
        GivenName.Length > 0 ? GivenName
        : Description.Hostname.Length > 0 ? Description.Hostname
        : Id;
}

/// <summary>The administrator's settings for a node.</summary>
public sealed record NodeSpec
{
    public static NodeSpec Default { get; } = new();
    public ValueMap Labels { get; init; } = ValueMap.Empty;
    public NodeRole Role { get; init; }
    public NodeAvailability Availability { get; init; }
}

/// <summary>The manager's observations of a node.</summary>
public sealed record NodeStatus
{
    public static NodeStatus New { get; } = new() { Message = "waiting for the first session" };
    public NodeState State { get; init; }
    public string Message { get; init; } = "";
    public string Address { get; init; } = "";
    public DateTimeOffset? Since { get; init; }

    /// <summary>A planned restart of swarmd keeps the node Ready until this moment.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    /// <summary>The node left the swarm and does not come back: it is Down, and its tasks have ended with it.</summary>
    public bool HasLeft { get; init; }
}

/// <summary>Facts of a node, as its agent reports them.</summary>
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

    /// <summary>Sentences about what the node cannot do for its tasks, and how to change that.</summary>
    public ValueList<string> Warnings { get; init; } = [];
}
