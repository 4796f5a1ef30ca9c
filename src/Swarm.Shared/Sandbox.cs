namespace Swarm;

/// <summary>A swarm of several daemons on this machine, made with Start-SwarmSandbox.</summary>
public sealed class Sandbox
{
    public string Name { get; set; } = "";
    public string Path { get; set; } = "";
    public SandboxExecutor Executor { get; set; }
    public string ClusterId { get; set; } = "";
    public string ManagerAddress { get; set; } = "";

    /// <summary>Socket of the first manager; give it to Connect-Swarm in another session.</summary>
    public string Socket { get; set; } = "";
    public SandboxNode[] Nodes { get; set; } = [];
    public DateTime CreatedAt { get; set; }

    /// <summary>Process id of the PowerShell process that started the sandbox.</summary>
    public int OwnerProcessId { get; set; }

    public override string ToString() => Name;
}

public sealed class SandboxNode
{
    public string Name { get; set; } = "";
    public string Sandbox { get; set; } = "";
    public string Socket { get; set; } = "";

    /// <summary>address:port by which other nodes reach the node.</summary>
    public string Address { get; set; } = "";
    public string NodeId { get; set; } = "";
    public int ProcessId { get; set; }
    public DateTime StartedAt { get; set; }

    /// <summary>Boot id, process id and start time (clock ticks since boot) of the daemon, on Linux. They name no other process, also after
    /// the process id was reused.</summary>
    public string ProcessIdentity { get; set; } = "";

    /// <summary>The node's daemon is alive.</summary>
    public bool Running { get; set; }
    public string StateDirectory { get; set; } = "";
    public string LogPath { get; set; } = "";

    /// <summary>Program and arguments.</summary>
    public string[] CommandLine { get; set; } = [];

    public override string ToString() => Name;
}
