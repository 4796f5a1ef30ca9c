using Swarm.Core.Allocation;
using Swarm.Core.Model;
using Swarm.Core.Networking;
using Swarm.Core.State;
using Swarm.Core.Tests.Scheduling;

namespace Swarm.Core.Tests.State;

/// <summary>A fork shows the same as a copy that the same changes were made to, and leaves its origin alone.</summary>
public sealed class ForkTests
{
    [Fact]
    public void It_equals_a_copy_whatever_is_changed()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var origin = new ClusterState();
            Change(origin, random, 60);
            var before = origin.Capture();
            var copy = new ClusterState();
            copy.Restore(before);
            var fork = origin.Fork();
            var (ofCopy, ofFork) = (new Random(seed + 1), new Random(seed + 1));
            for (var step = 0; step < 6; step++)
            {
                Change(copy, ofCopy, 10);
                Change(fork, ofFork, 10);
                AssertEqual(copy, fork);
                if (step == 2)
                {
                    // A fork of a fork, as when one preview plans on what another has changed.
                    fork = fork.Fork();
                }
            }
            Assert.Equal(before.Tasks, origin.Capture().Tasks);
            Assert.Equal(before.Services, origin.Capture().Services);
            Assert.Equal(before.Nodes, origin.Capture().Nodes);
            Assert.Equal(before.Revisions, origin.Capture().Revisions);
            Assert.Equal(before.Networks, origin.Capture().Networks);
            Assert.Equal(before.Pools, origin.Capture().Pools);
        }
    }

    [Fact]
    public void It_tells_what_was_changed_in_it_and_in_its_origin_fork()
    {
        var swarm = new SwarmFixture();
        swarm.AddNode("a");
        var first = swarm.State.Fork();
        first.Apply([new StateChange.NodeRemove("a")], first.Index + 1);
        var second = first.Fork();
        second.Apply([new StateChange.NodeCreate(swarm.State.FindNode("a")! with { Id = "b" })], second.Index + 1);
        Assert.Equal(["a", "b"], second.ForkChanges.OfType<ChangedObject.OfNode>().Select(static c => (c.After ?? c.Before)!.Id));
        Assert.Empty(swarm.State.ForkChanges);
        Assert.Throws<InvalidOperationException>(() => second.Restore(first.Capture()));
    }

    private static void AssertEqual(ClusterState copy, ClusterState fork)
    {
        var (expected, actual) = (copy.Capture(), fork.Capture());
        Assert.Equal(expected.Tasks, actual.Tasks);
        Assert.Equal(expected.Services, actual.Services);
        Assert.Equal(expected.Nodes, actual.Nodes);
        Assert.Equal(expected.Revisions, actual.Revisions);
        Assert.Equal(expected.Requests, actual.Requests);
        Assert.Equal(expected.Networks, actual.Networks);
        Assert.Equal(expected.Pools, actual.Pools);
        Assert.Equal((copy.Tasks.Count, copy.Services.Count, copy.Nodes.Count), (fork.Tasks.Count, fork.Services.Count, fork.Nodes.Count));
        Assert.Equal(copy.Tasks.Count, fork.Tasks.DistinctBy(static t => t.Id).Count());
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(copy.FindServiceByName($"name{i}"), fork.FindServiceByName($"name{i}"));
            Assert.Equal(copy.CountTasksOfService($"s{i}"), fork.CountTasksOfService($"s{i}"));
            AssertSame(copy.TasksOfService($"s{i}"), fork.TasksOfService($"s{i}"));
            AssertSame(copy.TasksOfNode($"n{i}"), fork.TasksOfNode($"n{i}"));
        }
    }

    private static void AssertSame(IReadOnlyCollection<SwarmTask> expected, IReadOnlyCollection<SwarmTask> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        Assert.Equal(expected.OrderBy(static t => t.Id, StringComparer.Ordinal), actual.OrderBy(static t => t.Id, StringComparer.Ordinal));
    }

    private static void Change(ClusterState state, Random random, int changes)
    {
        var now = DateTimeOffset.UnixEpoch;
        for (var i = 0; i < changes; i++)
        {
            var (service, node, task) = ($"s{random.Next(4)}", $"n{random.Next(4)}", $"t{random.Next(40)}");
            StateChange change = random.Next(14) switch
            {
                0 => new StateChange.NodeCreate(
                    new Node
                    {
                        Id = node,
                        CreatedAt = now,
                        UpdatedAt = now,
                        Number = (uint)random.Next(4),
                    }
                ),
                1 => new StateChange.NodeSpecSet(node, NodeSpec.Default with { Availability = NodeAvailability.Pause }, now),
                2 when random.Next(3) == 0 => new StateChange.NodeRemove(node),
                3 => new StateChange.ServiceCreate(
                    new Service
                    {
                        Id = service,
                        CreatedAt = now,
                        UpdatedAt = now,
                        Revision = 1,
                        Spec = Spec(service, random),
                    },
                    null
                ),
                4 => new StateChange.ServiceSpecSet(service, Spec(service, random), (ulong)random.Next(1, 5), null, null, now),
                5 when random.Next(3) == 0 => new StateChange.ServiceRemove(service),
                6 => new StateChange.RevisionRemove(service, (ulong)random.Next(1, 5)),
                7 => new StateChange.TaskAssign(task, node, now),
                8 => new StateChange.TaskRemove(task),
                10 => new StateChange.NodeNumberSet(node, (uint)random.Next(1, 5)),
                11 => new StateChange.NetworkCreate(
                    new Network
                    {
                        Id = "w" + random.Next(6),
                        CreatedAt = now,
                        Spec = new NetworkSpec { Name = "network" + random.Next(6) },
                        Subnets = [new NetworkSubnet($"10.128.{random.Next(6)}.0/24", "", "")],
                        TunnelId = NetworkPools.FirstTunnelId + (uint)random.Next(6),
                    }
                ),
                12 => new StateChange.NetworkRemove("w" + random.Next(6)),
                9 => new StateChange.RequestRecord($"r{random.Next(20)}", "", now),
                _ => new StateChange.TaskCreate(
                    new SwarmTask
                    {
                        Id = task,
                        ServiceId = service,
                        Revision = 1,
                        Slot = 1,
                        NodeId = random.Next(2) == 0 ? node : null,
                        DesiredState = TaskState.Running,
                        Status = new TaskStatus { State = TaskState.Pending, Timestamp = now },
                        CreatedAt = now,
                    }
                ),
            };
            state.Apply([change], state.Index + 1);
        }
    }

    private static ServiceSpec Spec(string id, Random random) =>
        new()
        {
            Name = "name" + id[1..],
            Container = new ContainerSpec { Image = $"image:{random.Next(5)}" },
            Mode = new ServiceMode.Replicated(1),
        };
}
