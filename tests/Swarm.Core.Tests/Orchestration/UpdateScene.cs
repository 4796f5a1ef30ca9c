using Swarm.Core.Model;

namespace Swarm.Core.Tests.Orchestration;

/// <summary>A service named web that is about to be updated.</summary>
internal static class UpdateScene
{
    public static readonly UpdateConfig AtOnce = UpdateConfig.Default with { Parallelism = 0 };

    public static TestSwarm Running(ulong replicas, UpdateConfig? update = null, UpdateConfig? rollback = null, int nodes = 3)
    {
        var swarm = new TestSwarm(nodes);
        swarm.Create(
            TestSwarm.Spec("web", replicas) with
            {
                Update = update ?? UpdateConfig.Default,
                Rollback = rollback ?? UpdateConfig.Default,
            }
        );
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        return swarm;
    }

    /// <summary>Revision of the active task of each slot, in order.</summary>
    public static ulong[] Revisions(TestSwarm swarm) => [.. swarm.Active("web").Select(t => t.Revision)];

    public static UpdateStatus Status(TestSwarm swarm) => swarm["web"].UpdateStatus!;

    /// <summary>Converges with obedient agents, but tasks of the revision end as soon as they would run.</summary>
    public static void ConvergeWithBad(TestSwarm swarm, ulong bad)
    {
        for (var i = 0; i < 100; i++)
        {
            swarm.Converge(t => t.Revision != bad || t.DesiredState > TaskState.Running);
            var failing = swarm
                .Active("web")
                .Find(t => t.Revision == bad && t is { DesiredState: TaskState.Running, Status.State: TaskState.Assigned });
            if (failing is null)
            {
                return;
            }
            swarm.Fail(failing);
        }
        Assert.Fail("it fails for ever");
    }
}
