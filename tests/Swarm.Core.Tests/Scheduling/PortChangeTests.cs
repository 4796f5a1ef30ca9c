using Swarm.Core.Model;
using Swarm.Core.Scheduling;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Scheduling;

/// <summary>A change of labels or ports makes no revision. New tasks follow the service of the moment, and running ones keep what they
/// got.</summary>
public sealed class PortChangeTests
{
    private readonly SwarmFixture _swarm = new();

    private void SetSpec(string service, Func<ServiceSpec, ServiceSpec> change)
    {
        var now = _swarm.State.FindService(service)!;
        _swarm.Apply(new StateChange.ServiceSpecSet(service, change(now.Spec), now.Revision, null, null, _swarm.Now));
    }

    [Fact]
    public void A_new_task_is_placed_by_the_ports_of_the_moment()
    {
        _swarm.AddNode("a");
        _swarm.AddNode("b");
        var other = _swarm.Run(SwarmFixture.Spec("other", ports: SwarmFixture.HostPort(81)), 1);
        Assert.Equal("a", _swarm.Where(other));
        _swarm.AddService(SwarmFixture.Spec("web", ports: SwarmFixture.HostPort(80)));
        SetSpec("web", s => s with { Ports = [SwarmFixture.HostPort(81)] });

        var web = _swarm.AddTasks("web", 2);
        _swarm.Schedule();

        Assert.Equal("b -", _swarm.Where(web));
        Assert.Equal(["ports:2:host port 81/tcp is taken by another task"], _swarm.ReasonsOf(web[1]));
    }

    [Fact]
    public void A_task_that_waits_for_a_port_is_retried_when_its_service_asks_for_another()
    {
        _swarm.AddNode("a");
        _swarm.Run(SwarmFixture.Spec("other", ports: SwarmFixture.HostPort(80)), 1);
        var web = _swarm.Run(SwarmFixture.Spec("web", ports: SwarmFixture.HostPort(80)), 1);
        Assert.Equal("-", _swarm.Where(web));

        SetSpec("web", s => s with { Ports = [SwarmFixture.HostPort(81)] });
        Assert.True(_swarm.Scheduler.HasWork);
        _swarm.Schedule();

        Assert.Equal("a", _swarm.Where(web));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_task_keeps_its_ports_until_it_ends_also_for_a_new_leader(bool changedBefore)
    {
        _swarm.AddNode("a");
        var first = SwarmFixture.HostPort(80);
        var (before, after) = (SwarmFixture.HostPort(81), SwarmFixture.HostPort(82));
        _swarm.AddService(SwarmFixture.Spec("web", ports: changedBefore ? first : before));
        if (changedBefore)
        {
            SetSpec("web", s => s with { Ports = [before] });
        }
        var web = _swarm.AddTask("web");
        _swarm.Schedule();
        Assert.Equal(changedBefore ? new TaskPorts([before]) : null, _swarm.State.FindTask(web)!.Ports);
        SetSpec("web", s => s with { Ports = [after] });

        var leader = new Scheduler(_swarm.State);

        foreach (var scheduler in new[] { _swarm.Scheduler, leader })
        {
            Assert.Equal("ports", scheduler.Refusals(SwarmFixture.Spec("x", ports: before), null)!.Reasons[0].Filter);
            Assert.Null(scheduler.Refusals(SwarmFixture.Spec("x", ports: after), null));
            Assert.Null(scheduler.Refusals(SwarmFixture.Spec("x", ports: first), null));
        }
        _swarm.Observe(web, TaskState.Failed);
        Assert.Null(_swarm.Scheduler.Refusals(SwarmFixture.Spec("x", ports: before), null));
    }

    [Fact]
    public void The_spec_of_a_task_has_the_labels_of_the_moment_and_the_template_of_its_revision()
    {
        _swarm.AddService(SwarmFixture.Spec("web"));
        Assert.Same(_swarm.State.FindRevision("web", 1)!.Spec, _swarm.State.FindTaskSpec("web", 1));
        SetSpec("web", s => s with { Labels = ValueMap.Empty.With("tier", "front") });
        var service = _swarm.State.FindService("web")!;
        var newer = service.Spec with { Container = service.Spec.Container with { Image = "redis" } };
        _swarm.Apply(new StateChange.ServiceSpecSet("web", newer, 2, null, null, _swarm.Now));

        var spec = _swarm.State.FindTaskSpec("web", 1)!;

        Assert.Equal(("front", "alpine"), (spec.Labels["tier"], spec.Container.Image));
        Assert.Null(_swarm.State.FindTaskSpec("web", 3));
        var own = _swarm.AddTask("web");
        _swarm.Apply(new StateChange.ServiceRemove("web"));
        Assert.Empty(_swarm.State.FindTaskSpec("web", 1)!.Labels);
        Assert.NotNull(_swarm.State.FindTask(own));
    }
}
