namespace Swarm;

public sealed class Node
{
    public string Id { get; set; } = "";
    public string Name { get; set; } = "";
    public string Hostname { get; set; } = "";
    public NodeState State { get; set; }

    /// <summary>The reason of the state.</summary>
    public string StateMessage { get; set; } = "";
    public DateTime? StateSince { get; set; }
    public NodeAvailability Availability { get; set; }
    public NodeRole Role { get; set; }
    public ManagerReachability ManagerStatus { get; set; }
    public string ManagerAddress { get; set; } = "";
    public string Address { get; set; } = "";
    public Dictionary<string, string> Labels { get; set; } = [];
    public Dictionary<string, string> EngineLabels { get; set; } = [];

    /// <summary>Tasks that are assigned to the node.</summary>
    public int Tasks { get; set; }
    public string OperatingSystem { get; set; } = "";
    public string Architecture { get; set; } = "";

    /// <summary>CPUs; 0.5 is half a CPU.</summary>
    public double Cpus { get; set; }

    /// <summary>Bytes.</summary>
    public long Memory { get; set; }
    public string EngineVersion { get; set; } = "";
    public string[] Plugins { get; set; } = [];
    public string Executor { get; set; } = "";
    public string DaemonVersion { get; set; } = "";

    /// <summary>Sentences about what the node cannot do for its tasks, and how to change that.</summary>
    public string[] Warnings { get; set; } = [];

    /// <summary>True for the answering node (the * of the table).</summary>
    public bool IsSelf { get; set; }
    public DateTime? JoinedAt { get; set; }
    public DateTime? UpdatedAt { get; set; }
    public long Version { get; set; }

    public override string ToString() => Name;
}
