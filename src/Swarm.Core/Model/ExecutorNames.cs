namespace Swarm.Core.Model;

/// <summary>Names of executors, as nodes describe themselves with them.</summary>
public static class ExecutorNames
{
    public const string Docker = "Docker";
    public const string Process = "Process";
    public const string Simulated = "Simulated";
}
