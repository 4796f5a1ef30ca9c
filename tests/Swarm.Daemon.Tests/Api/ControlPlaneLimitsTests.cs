using System.Text.RegularExpressions;
using Grpc.Core;
using Swarm.Control.Planes;
using Swarm.Daemon.Tests.DockerSwarm;
using Swarm.Daemon.Tests.Hosting;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

public sealed class ControlPlaneLimitsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Feature, builtin, docker: the rows of the table of docs/control-planes.md.</summary>
    private static List<(string Feature, string Builtin, string Docker)> Rows =>
        [
            .. Regex
                .Matches(
                    File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "control-planes.md")),
                    @"^\| `([A-Z][^`]+)` \| ([^|]+) \| ([^|]+) \|$",
                    RegexOptions.Multiline
                )
                .Select(m => (m.Groups[1].Value, m.Groups[2].Value.Trim(), m.Groups[3].Value.Trim())),
        ];

    [Fact]
    public void The_table_says_no_where_the_control_plane_says_no_with_the_same_reason()
    {
        var said = Rows.SelectMany(r => new[] { ("builtin", r.Feature, r.Builtin), ("docker", r.Feature, r.Docker) })
            .Where(c => c.Item3.StartsWith("no:", StringComparison.Ordinal))
            .Select(c => (c.Item1, c.Feature, c.Item3[3..].Trim()));
        Assert.Equal(ControlPlaneLimits.All.Order(), said.Order());
    }

    // A machine that has the package alone has no other text about it.
    [Fact]
    public void The_help_topic_that_a_refusal_names_lists_every_limit_under_its_control_plane()
    {
        var refusal = ControlPlaneLimits.Refuse(ControlPlaneLimits.Docker, "Stop-SwarmTask");
        var topic = Regex.Match(refusal.Action, @"^Get-Help (about_\w+) ").Groups[1].Value;
        var parts = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs", "en-US", $"{topic}.md")).Split("\n### The ")[1..];
        var listed = parts.SelectMany(p =>
            Regex
                .Matches(p, "^- `([^`]+)`: (.+)$", RegexOptions.Multiline)
                .Select(m => (p.Split(' ')[0] == "Docker" ? "docker" : "builtin", m.Groups[1].Value, m.Groups[2].Value))
        );
        Assert.Equal(ControlPlaneLimits.All.Order(), listed.Order());
    }

    [Fact]
    public void Every_other_cell_says_yes() =>
        Assert.All(Rows, r => Assert.All(new[] { r.Builtin, r.Docker }, c => Assert.Matches("^(yes|no:)", c)));

    [Fact]
    public void Every_cmdlet_that_talks_to_a_swarm_has_a_row()
    {
        var manifest = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "Swarm.psd1"));
        var exported = Regex
            .Matches(Regex.Match(manifest, @"CmdletsToExport\s*=\s*@\(([^)]*)\)").Groups[1].Value, "'([^']+)'")
            .Select(m => m.Groups[1].Value);
        // These begin, list or install local things. The host cmdlets have a row for the hosts of nodes, -Name.
        var local = new Regex("Session$|Sandbox$|^Connect-|^Disconnect-|SwarmEngine$|SwarmDaemon$");
        Assert.Equal(
            exported.Where(c => !local.IsMatch(c)).Order(StringComparer.Ordinal),
            Rows.Select(r => r.Feature.Split(' ')[0]).Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_row_is_called_by_the_next_two_tests() =>
        Assert.Equal(Rows.Select(r => r.Feature).Order(), ControlPlaneFeatures.All.Keys.Order());

    [Fact]
    public async Task The_builtin_control_plane_does_what_its_column_says()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var worker = await TestDaemon.StartAsync("worker1");
        await worker.JoinAsync(manager);
        await manager.NodesAsync(static nodes => nodes.Count(n => n.State == V1.NodeState.Ready) == 2);
        await using var stranger = await TestDaemon.StartAsync("manager2");
        var complaints = new List<string>();
        foreach (var (feature, cell, _) in Rows)
        {
            // The joining node uses the token.
            var refusal =
                feature == "Join-Swarm with a manager's token"
                    ? await RefusalAsync(
                        stranger.JoinAsync(
                            manager,
                            (await manager.Control.Clusters.GetJoinTokensAsync(new(), cancellationToken: Cancel)).Manager
                        )
                    )
                    : await RefusalAsync(
                        ControlPlaneFeatures.All[feature].Call(manager.Control, new CallOptions(cancellationToken: Cancel))
                    );
            complaints.AddRange(Complaints(feature, cell, refusal));
        }
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task The_docker_control_plane_does_what_its_column_says()
    {
        await using var engine = await FakeEngine.StartAsync();
        var nodes = new FakeObjects(engine, "/nodes");
        nodes.Add("n1", FakeEngine.Node);
        nodes.Add("n2", FakeEngine.Node.Replace("manager1", "worker1", StringComparison.Ordinal));
        _ = new FakeObjects(engine, "/services");
        engine.Answer("/networks", """[{"Id":"w1","Name":"mynet","Scope":"swarm","Driver":"overlay"}]""");
        engine.Answer("/networks/create", """{"Id":"w2"}""", 201);
        engine.Answer("/networks/w2", """{"Id":"w2","Name":"another","Scope":"swarm","Driver":"overlay"}""");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        var complaints = new List<string>();
        foreach (var (feature, _, cell) in Rows)
        {
            var call = ControlPlaneFeatures.All[feature].Call(plane.Client, new CallOptions(cancellationToken: Cancel));
            complaints.AddRange(Complaints(feature, cell, await RefusalAsync(call)));
        }
        Assert.Empty(complaints);
    }

    /// <returns>The contradictions to the cell; empty when there are none.</returns>
    private static IEnumerable<string> Complaints(string feature, string cell, string refusal)
    {
        var named = Regex.Match(cell, @"\(`(\w+)`\)\.$").Groups[1].Value;
        string[] expected =
            cell.StartsWith("yes", StringComparison.Ordinal) ? ["", .. ControlPlaneFeatures.All[feature].Refusals]
            : named.Length > 0 ? [named]
            : ["NotSupportedByControlPlane"];
        if (!expected.Contains(refusal))
        {
            yield return $"{feature}: '{cell}', but the answer is '{refusal}'";
        }
    }

    /// <returns>The id of the error, else its status; empty when there is none.</returns>
    private static async Task<string> RefusalAsync(Task call)
    {
        try
        {
            await call;
            return "";
        }
        catch (RpcException e)
        {
            return e.Trailers.GetValue("swarm-error-id") ?? e.StatusCode.ToString();
        }
    }

    [Fact]
    public void A_refusal_names_the_feature_and_the_reason()
    {
        var e = ControlPlaneLimits.Refuse("docker", "Stop-SwarmTask");
        Assert.Equal("NotSupportedByControlPlane", e.ErrorId);
        Assert.StartsWith(
            "Stop-SwarmTask is not supported by the docker control plane: Docker's API can only read tasks",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.Throws<InvalidOperationException>(() => ControlPlaneLimits.Refuse("docker", "Get-SwarmNode"));
    }
}
