using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Control.State;
using Swarm.Core.State;
using Swarm.DockerSwarm.Mirror;
using Swarm.Engine;

namespace Swarm.Daemon.Tests.DockerSwarm;

public sealed class MirrorSyncTests : MirrorTest
{
    private static JsonObject Node(string id, int version)
    {
        var node = JsonNode.Parse(FakeEngine.Node)!.AsObject();
        node["ID"] = id;
        node["Version"]!["Index"] = version;
        return node;
    }

    private static JsonObject Service(string id, string name, int version) =>
        JsonNode
            .Parse(
                $$$$"""
                {"ID":"{{{{id}}}}","Version":{"Index":{{{{version}}}}},"CreatedAt":"2026-11-24T10:41:21Z","UpdatedAt":"2026-11-24T10:41:21Z",
                "Spec":{"Name":"{{{{name}}}}","TaskTemplate":{"ContainerSpec":{"Image":"i{{{{version}}}}"}},"Mode":{"Replicated":{"Replicas":1} } } }
                """
            )!
            .AsObject();

    private static string Task(string id, int version, string serviceId, string image) =>
        $$$"""
            {"ID":"{{{id}}}","Version":{"Index":{{{version}}}},"CreatedAt":"2026-11-24T10:41:{{{version}}}Z","ServiceID":"{{{serviceId}}}","Slot":1,
            "NodeID":"n1","Spec":{"ContainerSpec":{"Image":"{{{image}}}"}},"Status":{"Timestamp":"2026-11-24T10:42:00Z","State":"running"},
            "DesiredState":"running"}
            """;

    private void Absorb(JsonArray nodes, JsonArray services, params string[] taskTexts)
    {
        using var tasks = JsonDocument.Parse($"[{string.Join(',', taskTexts)}]");
        Sync.Absorb(JsonNode.Parse("""{"ID":"c1","Version":{"Index":10},"Spec":{}}""")!.AsObject(), nodes, services, tasks.RootElement);
    }

    /// <summary>A command is checked against the state and sent with the engine's version of it. With a newer version, another client's
    /// change would be lost.</summary>
    [Fact]
    public void At_each_moment_what_the_engine_said_is_of_the_version_that_the_state_shows()
    {
        Absorb([Node("n1", 11), Node("n2", 12)], [Service("s1", "a", 13), Service("s2", "b", 14)]);
        var pairs = new PairsObserver(Store, Sync);
        Store.Add(pairs);
        Absorb([Node("n1", 21), Node("n2", 24)], [Service("s1", "a", 22), Service("s2", "b", 23), Service("s3", "c", 25)]);
        Absorb([Node("n1", 21)], [Service("s1", "a", 22), Service("s3", "c", 26)]);
        Assert.True(pairs.Batches > 5);
        Assert.Empty(pairs.Wrong);
        Assert.Equal(26UL, Sync.Service("s3")?.Version);
        Assert.Null(Sync.Service("s2"));
        Assert.Null(Sync.Node("n2"));
        Sync.Forget();
        Assert.Null(Sync.Service("s1"));
        Assert.Null(Sync.Node("n1"));
    }

    [Fact]
    public void Who_leads_is_shown_although_it_makes_no_new_version()
    {
        Absorb([Node("n1", 11)], []);
        var follower = Node("n1", 11);
        follower["ManagerStatus"]!["Leader"] = false;
        Absorb([follower], []);
        Assert.False(Sync.Node("n1")?.ManagerStatus.Flag("Leader"));
    }

    [Fact]
    public void A_service_that_was_removed_and_made_again_between_two_looks_is_shown()
    {
        Absorb([Node("n1", 11)], [Service("s1", "web", 12)]);
        Absorb([Node("n1", 21)], [Service("s2", "web", 20)]);
        Assert.Equal(["s2"], Store.Read(static s => s.Services.Select(static x => x.Id).ToList()));
        Assert.Equal(20UL, Sync.Service("s2")?.Version);
    }

    [Fact]
    public void A_task_of_a_look_that_failed_is_shown_by_the_next_look_and_counts_its_restarts_once()
    {
        Absorb([Node("n1", 11)], [Service("s1", "web", 12)], Task("t1", 13, "s1", "i12"));
        var revisions = Path.Combine(Folder, "docker-revisions");
        Directory.Delete(revisions, recursive: true);
        // The revision of a new service must be written, and there is no place to write it.
        JsonObject[] services = [Service("s1", "web", 12), Service("s2", "api", 20)];
        string[] tasks = [Task("t2", 21, "s1", "i12"), Task("t3", 22, "s2", "i20")];
        Assert.ThrowsAny<IOException>(() => Absorb([Node("n1", 11)], [services[0].DeepClone(), services[1].DeepClone()], tasks));
        Directory.CreateDirectory(revisions);
        Assert.Equal(["t1"], Tasks());
        Absorb([Node("n1", 11)], [.. services], tasks);
        Assert.Equal(["t2", "t3"], Tasks());
        Assert.Equal(1U, Store.Read(static s => s.FindTask("t2")!.RestartCount));
        Assert.Equal(0U, Store.Read(static s => s.FindTask("t3")!.RestartCount));
        Absorb([Node("n1", 11)], [Service("s1", "web", 12)], Task("t2", 21, "s1", "i12"));
        Assert.Equal(["t2"], Tasks());
    }

    private List<string> Tasks() => Store.Read(static s => s.Tasks.Select(static t => t.Id).Order(StringComparer.Ordinal).ToList());

    private sealed class PairsObserver(StateStore store, MirrorSync sync) : IStateObserver
    {
        public int Batches { get; private set; }

        public List<string> Wrong { get; } = [];

        public void OnApplied(IReadOnlyList<ChangedObject> changes, ulong index)
        {
            Batches++;
            foreach (var service in store.State.Services.Where(s => sync.Service(s.Id)?.Version != s.Version))
            {
                Wrong.Add($"{service.Id}: {service.Version}, {sync.Service(service.Id)?.Version}");
            }
            foreach (var node in store.State.Nodes.Where(n => sync.Node(n.Id)?.Version != n.Version))
            {
                Wrong.Add($"{node.Id}: {node.Version}, {sync.Node(node.Id)?.Version}");
            }
        }

        public void OnRestored() { }
    }
}
