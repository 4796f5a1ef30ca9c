using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Tests.Orchestration;

namespace Swarm.Core.Tests.State;

public class SupersededUpdateTests
{
    [Fact]
    public void The_progress_of_an_update_does_not_overwrite_the_next_update()
    {
        var swarm = UpdateScene.Running(2);
        swarm.SetImage("web", "redis:2");
        var first = UpdateScene.Status(swarm);
        swarm.SetImage("web", "redis:3");
        var second = UpdateScene.Status(swarm);
        Assert.True(second.Number > first.Number);

        var late = first with { Progress = first.Progress with { Failed = 1 } };
        swarm.Apply(new StateChange.ServiceUpdateStatusSet(swarm["web"].Id, late, swarm.Now));
        Assert.Equal(second, UpdateScene.Status(swarm));

        var own = second with { State = UpdateState.Paused };
        swarm.Apply(new StateChange.ServiceUpdateStatusSet(swarm["web"].Id, own, swarm.Now));
        Assert.Equal(own, UpdateScene.Status(swarm));
    }
}
