using System.Text.Json.Nodes;
using Swarm.Daemon.Tests.Storage;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Specs;
using Swarm.Storage;

namespace Swarm.Daemon.Tests.DockerSwarm;

public sealed class RevisionLedgerTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 24, 10, 0, 0, TimeSpan.Zero);

    private static JsonObject Spec(string image) =>
        new()
        {
            ["Name"] = "web",
            ["TaskTemplate"] = new JsonObject { ["ContainerSpec"] = new JsonObject { ["Image"] = image } },
        };

    [Fact]
    public void Revisions_outlive_swarmd()
    {
        using var directory = new TemporaryDirectory();
        using (var state = StateDirectory.Open(directory.Path))
        {
            var ledger = new RevisionLedger(state);
            ledger.Add("s1", Spec("a"), At);
            ledger.Add("s1", Spec("b"), At.AddMinutes(1));
            ledger.Save();
        }
        using var again = StateDirectory.Open(directory.Path);
        var read = new RevisionLedger(again).Of("s1");
        Assert.Equal([1UL, 2UL], read.Select(r => r.Number));
        Assert.Equal([At, At.AddMinutes(1)], read.Select(r => r.CreatedAt));
        Assert.True(JsonNode.DeepEquals(Spec("b"), read[1].Spec));
        Assert.Equal(DockerServiceSpec.TemplateKey((JsonObject)Spec("b")["TaskTemplate"]!), read[1].Key);
    }

    [Fact]
    public void A_damaged_file_is_set_aside()
    {
        using var directory = new TemporaryDirectory();
        using var state = StateDirectory.Open(directory.Path);
        var folder = state.CreateSubdirectory("docker-revisions");
        File.WriteAllText(Path.Combine(folder, "s1.json"), "[{");
        Assert.Empty(new RevisionLedger(state).Of("s1"));
        Assert.True(File.Exists(Path.Combine(folder, "s1.json.damaged")));
    }

    [Fact]
    public void The_oldest_go_first_but_never_one_in_use()
    {
        using var directory = new TemporaryDirectory();
        using var state = StateDirectory.Open(directory.Path);
        var ledger = new RevisionLedger(state);
        for (var i = 1; i <= RevisionLedger.Kept + 2; i++)
        {
            ledger.Add("s1", Spec("i" + i), At);
        }
        Assert.Equal([2UL, 3UL], ledger.Trim("s1", new HashSet<ulong> { 1 }).Select(r => r.Number));
        Assert.Equal(RevisionLedger.Kept, ledger.Of("s1").Count);
        Assert.NotNull(ledger.Find("s1", 1));
    }

    [Fact]
    public void A_service_that_is_gone_leaves_nothing()
    {
        using var directory = new TemporaryDirectory();
        using var state = StateDirectory.Open(directory.Path);
        var ledger = new RevisionLedger(state);
        ledger.Add("s1", Spec("a"), At);
        ledger.Save();
        ledger.Forget("s1");
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(directory.Path, "docker-revisions")));
    }
}
