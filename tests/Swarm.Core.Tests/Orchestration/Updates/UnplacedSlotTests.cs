using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using static Swarm.Core.Tests.Orchestration.UpdateScene;

namespace Swarm.Core.Tests.Orchestration.Updates;

/// <summary>Updates of services some of whose tasks find no node.</summary>
public class UnplacedSlotTests
{
    /// <summary>A limit keeps the fifth and sixth task off two nodes.</summary>
    /// <summary>A new template that no node takes.</summary>
    private static ServiceSpec ToNowhere(ServiceSpec spec) =>
        spec with
        {
            Placement = new Placement { Constraints = ["node.labels.zone==nowhere"] },
            ForceUpdate = 1,
        };

    private static ServiceSpec Crowded(string why)
    {
        var spec = TestSwarm.Spec("web", 6);
        return why switch
        {
            "max-replicas" => spec with { Placement = new Placement { MaxReplicasPerNode = 2 } },
            "reservations" => spec with { Resources = new ResourceRequirements { Reservations = new ResourceAmount(2_000_000_000, 0) } },
            _ => throw new ArgumentOutOfRangeException(nameof(why)),
        };
    }

    private static TestSwarm FourOfSix(string why, bool down = false)
    {
        var swarm = new TestSwarm(nodes: 3);
        swarm.Create(Crowded(why));
        swarm.Converge();
        Assert.Equal(6, swarm.Running("web").Count);
        if (down)
        {
            swarm.SetState("node2", NodeState.Down);
        }
        else
        {
            swarm.SetAvailability("node2", NodeAvailability.Drain);
        }
        swarm.Converge();
        // Tasks on the node that is down stay there: the others have no room.
        Assert.Equal(down ? 6 : 4, swarm.Running("web").Count);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        return swarm;
    }

    /// <summary>Goes on until nothing happens any more. No old task starts meanwhile, and no more stop than may.</summary>
    private static void Roll(TestSwarm swarm, int mayStop = 1)
    {
        var running = swarm.Running("web").Count;
        var started = swarm.Tasks("web").Where(t => t.Status.State >= TaskState.Assigned).Select(t => t.Id).ToHashSet();
        for (var i = 0; i < 100; i++)
        {
            swarm.Settle();
            Assert.InRange(swarm.Tasks("web").Count(t => t is { IsLive: true, Status.State: TaskState.Running }), running - mayStop, 6);
            Assert.DoesNotContain(
                swarm.Tasks("web"),
                t => t.Revision < swarm["web"].Revision && t.Status.State >= TaskState.Assigned && !started.Contains(t.Id)
            );
            swarm.Converge();
            if (swarm.NextDeadline is not { } at || at > swarm.Now + TimeSpan.FromMinutes(5))
            {
                return;
            }
            swarm.Advance(at - swarm.Now);
        }
    }

    [Theory]
    [InlineData("max-replicas", false)]
    [InlineData("max-replicas", true)]
    [InlineData("reservations", false)]
    [InlineData("reservations", true)]
    public void An_update_gets_past_slots_that_no_node_takes(string why, bool down)
    {
        var swarm = FourOfSix(why, down);

        swarm.SetImage("web", "redis:2");
        Roll(swarm);

        Assert.Equal(down ? 4 : 6, swarm.Active("web").Count(t => t.Revision == 2));
        Assert.Equal(4, swarm.Running("web").Count(t => t.Revision == 2));
        Assert.Equal(UpdateState.Updating, Status(swarm).State);

        swarm.AddNode("node4");
        // The tasks of the node that is down move at once.
        Roll(swarm, mayStop: down ? 3 : 1);
        Assert.Equal(6, swarm.Running("web").Count);
        Assert.Equal(UpdateState.Completed, Status(swarm).State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_node_that_is_lost_or_drained_in_the_middle_does_not_hold_the_update_up(bool down)
    {
        var swarm = new TestSwarm(nodes: 3);
        swarm.Create(Crowded("max-replicas") with { Update = UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10) } });
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        swarm.SetImage("web", "redis:2");
        swarm.Converge();
        var made = Assert.Single(swarm.Running("web"), t => t.Revision == 2);

        if (down)
        {
            swarm.SetState(made.NodeId!, NodeState.Down);
        }
        else
        {
            swarm.SetAvailability(made.NodeId!, NodeAvailability.Drain);
        }
        Roll(swarm, mayStop: 3);

        var reachable = swarm.Running("web").FindAll(t => t.NodeId != made.NodeId);
        Assert.Equal(Enumerable.Repeat(2ul, 4), reachable.Select(t => t.Revision));
        // The other task of the node that is down stays there with its old revision.
        Assert.Equal(down ? 5 : 6, swarm.Active("web").Count(t => t.Revision == 2));
    }

    [Fact]
    public void A_label_that_goes_in_the_middle_leaves_the_update_no_further_place()
    {
        var swarm = Running(4, UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10) });
        swarm.SetLabels("node3", ValueMap.Empty.With("zone", "east"));
        swarm.Update(
            "web",
            s =>
                s with
                {
                    Placement = new Placement { Constraints = ["node.labels.zone==east"] },
                    ForceUpdate = 1,
                }
        );
        swarm.Converge();
        Assert.Equal([2ul, 1ul, 1ul, 1ul], Revisions(swarm));
        Assert.Equal((TaskState.Running, "node3"), (swarm.Slot("web", 1).Status.State, swarm.Slot("web", 1).NodeId));

        swarm.SetLabels("node3", ValueMap.Empty);
        Roll(swarm);

        Assert.Equal([2ul, 1ul, 1ul, 1ul], Revisions(swarm));
        Assert.Equal((null, true), (swarm.Slot("web", 1).NodeId, swarm.Slot("web", 1).TakesOver));
        Assert.Equal(3, swarm.Running("web").Count);

        swarm.SetLabels("node1", ValueMap.Empty.With("zone", "east"));
        Roll(swarm);
        Assert.Equal(4, swarm.Running("web").Count(t => t.Revision == 2));
        Assert.Equal(UpdateState.Completed, Status(swarm).State);
    }

    [Fact]
    public void Room_that_goes_in_the_middle_leaves_the_update_no_further_place()
    {
        var swarm = new TestSwarm();
        swarm.AddNode("node1", cpus: 4);
        swarm.AddNode("node2", ValueMap.Empty.With("zone", "east"), cpus: 4);
        swarm.Create(TestSwarm.Spec("web", 4) with { Update = UpdateConfig.Default with { Delay = TimeSpan.FromSeconds(10) } });
        swarm.Converge();
        swarm.Time.Advance(TimeSpan.FromSeconds(1));
        swarm.Update(
            "web",
            s =>
                s with
                {
                    Resources = new ResourceRequirements { Reservations = new ResourceAmount(3_000_000_000, 0) },
                    Placement = new Placement { Constraints = ["node.labels.zone==east"] },
                }
        );
        swarm.Converge();
        Assert.Equal([2ul, 1ul, 1ul, 1ul], Revisions(swarm));

        var description = swarm.State.FindNode("node2")!.Description with { Resources = new ResourceAmount(2_000_000_000, 1L << 30) };
        swarm.Apply(new StateChange.NodeDescriptionSet("node2", description, swarm.Now));
        Roll(swarm);

        Assert.Equal([2ul, 1ul, 1ul, 1ul], Revisions(swarm));
        Assert.Equal((null, true), (swarm.Slot("web", 1).NodeId, swarm.Slot("web", 1).TakesOver));
        Assert.Equal(3, swarm.Running("web").Count);
    }

    [Fact]
    public void A_place_that_was_taken_stays_taken_through_all_replacements()
    {
        var swarm = Running(4);
        swarm.Update("web", ToNowhere);
        Roll(swarm);
        Assert.Equal([2ul, 1ul, 1ul, 1ul], Revisions(swarm));

        // Each credential makes the task anew that waits for a node.
        for (var user = 1; user <= 3; user++)
        {
            swarm.Attempt("web", new RegistryCredential("registry", $"user{user}", "secret"));
            Roll(swarm);
            Assert.Equal([2ul + (ulong)user, 1ul, 1ul, 1ul], Revisions(swarm));
            Assert.True(swarm.Slot("web", 1).TakesOver);
        }
        Assert.Equal(3, swarm.Running("web").Count);
    }

    [Fact]
    public void A_task_that_lost_its_label_after_the_update_holds_no_place_of_the_next_one()
    {
        var swarm = Running(2, UpdateConfig.Default with { Monitor = TimeSpan.FromSeconds(1) }, nodes: 2);
        swarm.SetLabels("node1", ValueMap.Empty.With("zone", "east"));
        swarm.SetLabels("node2", ValueMap.Empty.With("zone", "east"));
        swarm.Update(
            "web",
            s =>
                s with
                {
                    Placement = new Placement { Constraints = ["node.labels.zone==east"], MaxReplicasPerNode = 1 },
                    ForceUpdate = 1,
                }
        );
        Roll(swarm);
        Assert.Equal(UpdateState.Completed, Status(swarm).State);
        var stays = Assert.Single(swarm.Running("web"), t => t.NodeId == "node2");
        swarm.SetLabels("node1", ValueMap.Empty);
        swarm.Converge();
        Assert.Equal(stays, Assert.Single(swarm.Running("web")));

        swarm.SetImage("web", "redis:3");
        Roll(swarm);

        Assert.Equal([3ul, 3ul], Revisions(swarm));
        Assert.Single(swarm.Running("web"));
    }

    [Fact]
    public void A_host_port_that_is_taken_on_every_node_does_not_hold_the_update_up()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(
            TestSwarm.Spec("web", 3) with
            {
                Ports =
                [
                    new PublishedPort
                    {
                        Target = 80,
                        Published = 80,
                        Mode = PublishMode.Host,
                    },
                ],
            }
        );
        swarm.Converge();
        Assert.Equal(2, swarm.Running("web").Count);
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.SetImage("web", "redis:2");
        Roll(swarm);

        Assert.Equal(Enumerable.Repeat(2ul, 3), swarm.Active("web").Select(t => t.Revision));
        Assert.Equal(2, swarm.Running("web").Count);
    }

    [Fact]
    public void A_slot_that_was_emptied_for_a_task_that_no_node_takes_holds_its_place()
    {
        var swarm = Running(4);

        swarm.Update("web", ToNowhere);
        Roll(swarm);

        Assert.Equal([2ul, 1ul, 1ul, 1ul], Revisions(swarm));
        Assert.True(swarm.Slot("web", 1).TakesOver);
        Assert.Equal(3, swarm.Running("web").Count);
        Assert.Contains("zone==nowhere", Convergence.OfService(swarm.State, swarm["web"].Id).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_constraint_that_nothing_met_is_mended_in_all_slots()
    {
        var swarm = new TestSwarm(nodes: 2);
        swarm.Create(TestSwarm.Spec("web", 4) with { Placement = new Placement { Constraints = ["node.labels.zone==nowhere"] } });
        swarm.Converge();
        Assert.Empty(swarm.Running("web"));
        swarm.Time.Advance(TimeSpan.FromSeconds(1));

        swarm.Update("web", s => s with { Placement = Placement.Anywhere });
        swarm.Converge();

        Assert.Equal(4, swarm.Running("web").Count);
        Assert.Equal(UpdateState.Updating, Status(swarm).State);
    }

    [Fact]
    public void Slots_that_do_not_run_come_first()
    {
        var swarm = Running(3);
        var starting = swarm.Slot("web", 3);
        swarm.Fail(starting);
        swarm.Advance(TimeSpan.FromSeconds(5), t => t.Slot != 3);
        Assert.Equal(TaskState.Assigned, swarm.Slot("web", 3).Status.State);

        swarm.SetImage("web", "redis:2");
        swarm.Converge(t => t.Revision == 1);

        Assert.Equal([1ul, 1ul, 2ul], Revisions(swarm));
    }

    [Theory]
    [InlineData(UpdateState.Updating)]
    [InlineData(UpdateState.Paused)]
    public void A_task_that_waits_for_its_restart_starts_with_the_newer_revision(UpdateState state)
    {
        var swarm = Running(2, UpdateConfig.Default with { Delay = TimeSpan.FromHours(1) });
        swarm.Fail(swarm.Slot("web", 2));
        swarm.Converge();
        var waiting = swarm.Slot("web", 2);
        Assert.Equal((TaskState.Ready, 1ul), (waiting.DesiredState, waiting.Revision));
        swarm.SetImage("web", "redis:2");
        if (state == UpdateState.Paused)
        {
            swarm.Apply(new StateChange.ServiceUpdateStatusSet(swarm["web"].Id, Status(swarm) with { State = state }, swarm.Now));
        }

        swarm.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(TaskState.Shutdown, swarm.Task(waiting.Id).Status.State);
        Assert.Null(swarm.Task(waiting.Id).RunningSince);
        Assert.Equal((2ul, TaskState.Running), (swarm.Slot("web", 2).Revision, swarm.Slot("web", 2).Status.State));
    }

    [Fact]
    public void A_paused_update_starts_no_old_task_that_waited_for_a_node()
    {
        var swarm = FourOfSix("max-replicas");
        swarm.SetImage("web", "redis:2");
        swarm.Apply(new StateChange.ServiceUpdateStatusSet(swarm["web"].Id, Status(swarm) with { State = UpdateState.Paused }, swarm.Now));
        swarm.Converge();

        swarm.SetAvailability("node2", NodeAvailability.Active);
        swarm.Converge();

        Assert.Equal([1ul, 1ul, 1ul, 1ul, 2ul, 2ul], swarm.Running("web").Select(t => t.Revision).Order());
    }

    [Theory]
    [InlineData(UpdateOrder.StopFirst)]
    [InlineData(UpdateOrder.StartFirst)]
    public void A_preview_promises_what_comes_of_an_update_that_gets_stuck(UpdateOrder order)
    {
        var swarm = Running(4, UpdateConfig.Default with { Order = order, Delay = TimeSpan.FromSeconds(10) });
        var spec = ToNowhere(swarm["web"].Spec);

        var actions = ServicePlanner.PreviewUpdate(swarm.State, swarm["web"], spec, swarm.Now);
        swarm.Update("web", _ => spec);
        Roll(swarm);

        var first = order == UpdateOrder.StopFirst ? PlannedActionKind.Stop : PlannedActionKind.Keep;
        Assert.Equal(
            [
                (first, "web.1"),
                (PlannedActionKind.Create, "web.1"),
                (PlannedActionKind.Keep, "web.2"),
                (PlannedActionKind.Keep, "web.3"),
                (PlannedActionKind.Keep, "web.4"),
            ],
            actions.Select(a => (a.Action, a.TaskName))
        );
        Assert.StartsWith("no suitable node: ", actions[1].Detail, StringComparison.Ordinal);
        Assert.All(actions.Skip(2), a => Assert.StartsWith("the update does not get here", a.Detail, StringComparison.Ordinal));
        var stopped = actions.Where(a => a.Action == PlannedActionKind.Stop).Select(a => a.TaskId);
        Assert.Equal(stopped, swarm.Tasks("web").Where(t => t.DesiredState > TaskState.Running).Select(t => t.Id));
    }

    [Fact]
    public void A_preview_of_a_crowded_service_shows_each_slot_once()
    {
        var swarm = FourOfSix("max-replicas");
        var spec = swarm["web"].Spec with { Container = new ContainerSpec { Image = "redis:2" } };

        var created = ServicePlanner
            .PreviewUpdate(swarm.State, swarm["web"], spec, swarm.Now)
            .Where(a => a.Action == PlannedActionKind.Create)
            .ToList();

        Assert.Equal(6, created.Select(a => a.TaskName).Distinct().Count());
        Assert.Equal(2, created.Count(a => a.NodeId.Length == 0));
    }

    [Fact]
    public void A_preview_of_a_large_update_is_made_in_one_step()
    {
        var swarm = Running(5000, nodes: 3);

        var actions = ServicePlanner.PreviewUpdate(swarm.State, swarm["web"], TestSwarm.Spec("web", 5000, "redis:2"), swarm.Now);

        Assert.Equal(5000, actions.Count(a => a.Action == PlannedActionKind.Create && a.NodeId.Length > 0));
    }
}
