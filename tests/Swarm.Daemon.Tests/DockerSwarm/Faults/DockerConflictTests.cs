using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Control.State;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Daemon.Tests.Storage;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Writes;
using Swarm.Engine;
using Swarm.Storage;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Another client changes an object after a command was computed and before it is written, and the mirror has the change by
/// then.</summary>
public sealed class DockerConflictTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Service(string name) =>
        $$$$"""
            {"CreatedAt":"2026-11-24T10:41:21Z","UpdatedAt":"2026-11-24T10:41:21Z",
            "Spec":{"Name":"{{{{name}}}}","Labels":{"l":"ours"},"TaskTemplate":{"ContainerSpec":{"Image":"ours"}},"Mode":{"Replicated":{"Replicas":1} } } }
            """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_somebody_else_changes_between_the_writes_of_one_scale_is_kept(bool image)
    {
        await using var engine = await FakeEngine.StartAsync();
        var services = new FakeObjects(engine, "/services");
        services.Add("s1", Service("a"));
        services.Add("s2", Service("b"));
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        services.Updated = async id =>
        {
            if (id == "s1")
            {
                services.Change(
                    "s2",
                    spec =>
                    {
                        var container = spec["TaskTemplate"]!["ContainerSpec"]!;
                        (image ? container : spec["Labels"]!)[image ? "Image" : "l"] = "theirs";
                    }
                );
                // As when an event wakes the mirror.
                await PlaneHost.ListAsync(plane.Client.Services.ListServices(new V1.ListServicesRequest()));
            }
        };
        var scaled = await plane.Client.Services.ScaleServicesAsync(
            new V1.ScaleServicesRequest
            {
                Services =
                {
                    new V1.ServiceScale { Selector = "a", Replicas = 3 },
                    new V1.ServiceScale { Selector = "b", Replicas = 3 },
                },
            },
            cancellationToken: Cancel
        );
        var b = services.Spec("s2");
        Assert.Equal(image ? "ours" : "theirs", b["Labels"]!["l"]!.GetValue<string>());
        Assert.Equal(image ? "theirs" : "ours", b["TaskTemplate"]!["ContainerSpec"]!["Image"]!.GetValue<string>());
        Assert.Equal(3, b["Mode"]!["Replicated"]!["Replicas"]!.GetValue<int>());
        Assert.Equal([3UL, 3UL], scaled.Services.Select(s => s.Spec.Replicated.Replicas));
        Assert.Equal(
            [
                "POST /services/s1/update?version=20",
                // The command's first write is refused; the second starts from the present spec.
                "POST /services/s2/update?version=21",
                "POST /services/s2/update?version=23",
            ],
            engine.Writes.Select(w => w.Call + w.Query)
        );
    }

    [Fact]
    public async Task What_somebody_else_changes_of_a_node_before_it_is_written_is_kept()
    {
        await using var engine = await FakeEngine.StartAsync();
        var nodes = new FakeObjects(engine, "/nodes");
        nodes.Add("n1", FakeEngine.Node);
        nodes.Add("n2", FakeEngine.Node);
        using var directory = new TemporaryDirectory();
        using var state = StateDirectory.Open(directory.Path);
        using var client = new EngineClient("unix://" + engine.Socket);
        var ledger = new RevisionLedger(state);
        await using var mirror = new DockerMirror(client, ledger, TimeProvider.System, NullLogger<DockerMirror>.Instance);
        var orchestrator = new DockerOrchestrator(client, mirror, ledger, TimeProvider.System);
        nodes.Updated = async id =>
        {
            if (id == "n1")
            {
                nodes.Change("n2", spec => spec["Labels"]!["l"] = "theirs");
                await mirror.RefreshAsync(Cancel);
            }
        };
        await orchestrator.ExecuteAsync("", DrainAll, static (_, _) => true, Cancel);
        Assert.Equal("theirs", nodes.Spec("n2")["Labels"]!["l"]!.GetValue<string>());
        Assert.Equal("drain", nodes.Spec("n1")["Availability"]!.GetValue<string>());
        Assert.Equal("drain", nodes.Spec("n2")["Availability"]!.GetValue<string>());
        Assert.Equal(["?version=20", "?version=21", "?version=23"], engine.Writes.Select(w => w.Query));

        // No command changes two nodes. Here the write of the first is the moment at which another client changes the second.
        static CommandChanges DrainAll(ClusterState state) =>
            new(
                [
                    .. state
                        .Nodes.Where(static n => n.Spec.Availability != NodeAvailability.Drain)
                        .OrderBy(static n => n.Id, StringComparer.Ordinal)
                        .Select(static n => new StateChange.NodeSpecSet(
                            n.Id,
                            n.Spec with
                            {
                                Availability = NodeAvailability.Drain,
                            },
                            n.UpdatedAt
                        )),
                ],
                ""
            );
    }
}
