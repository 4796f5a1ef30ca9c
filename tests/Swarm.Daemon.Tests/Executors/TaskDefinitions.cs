using Swarm.Agent.Executors;
using Swarm.Core.Identity;
using Swarm.Core.Model;

namespace Swarm.Daemon.Tests.Executors;

/// <summary>Makes task definitions with ids of their own.</summary>
internal static class TaskDefinitions
{
    private static readonly IdSource Ids = new(bytes => System.Security.Cryptography.RandomNumberGenerator.Fill(bytes));

    public static string NewId()
    {
        lock (Ids)
        {
            return Ids.Next();
        }
    }

    public static TaskDefinition Make(ContainerSpec container, ResourceRequirements? resources = null)
    {
        var id = NewId();
        return new TaskDefinition
        {
            TaskId = id,
            ServiceId = NewId(),
            ServiceName = "contract",
            Slot = 1,
            Revision = 1,
            ContainerName = "contract.1." + id,
            Spec = new ServiceSpec
            {
                Name = "contract",
                Container = container,
                Mode = new ServiceMode.Replicated(1),
                Resources = resources ?? ResourceRequirements.None,
            },
        };
    }
}
