namespace Swarm.Daemon.Tests.Processes;

/// <summary>Tests of whole processes run alone: swarmd's own deadlines are real, and a machine that is busy with other tests may miss
/// them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessTests
{
    public const string Name = "Processes";
}
