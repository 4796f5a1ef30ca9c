using System.Text.RegularExpressions;
using Grpc.Core;
using Swarm.Daemon.Api;
using Swarm.Daemon.Tests.DockerSwarm;
using Swarm.Daemon.Tests.Hosting;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

public sealed class ControlPlaneLimitsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Refusals that mean: not here. Any other one is an answer of a control plane that has the feature.</summary>
    private static readonly string[] NotHere =
    [
        "NotSupportedByControlPlane",
        ControlPlaneLimits.OneManagerErrorId,
        nameof(StatusCode.Unimplemented),
    ];

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
        // These begin or list local things.
        var local = new Regex("Session$|Sandbox$|^Connect-|^Disconnect-|FirewallRule$|SwarmHost$|SwarmEngine$|SwarmDaemon$");
        Assert.Equal(
            exported.Where(c => !local.IsMatch(c)).Order(StringComparer.Ordinal),
            Rows.Select(r => r.Feature.Split(' ')[0]).Where(c => !local.IsMatch(c)).Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_row_is_called_by_the_next_two_tests() =>
        Assert.Equal(Rows.Select(r => r.Feature).Order(), ControlPlaneFeatures.Calls.Keys.Order());

    [Fact]
    public async Task The_builtin_control_plane_does_what_its_column_says()
    {
        await using var manager = await TestDaemon.StartManagerAsync();
        await using var worker = await TestDaemon.StartAsync("worker1");
        await worker.JoinAsync(manager);
        await manager.NodesAsync(static nodes => nodes.Count(n => n.State == Wire.NodeState.Ready) == 2);
        await using var stranger = await TestDaemon.StartAsync("manager2");
        foreach (var (feature, cell, _) in Rows)
        {
            // A token is used by who joins.
            var refusal =
                feature == "Join-Swarm with a manager's token"
                    ? await RefusalAsync(
                        stranger.JoinAsync(manager, (await manager.Control.GetJoinTokensAsync(new(), cancellationToken: Cancel)).Manager)
                    )
                    : await RefusalAsync(ControlPlaneFeatures.Calls[feature](manager.Control, new CallOptions(cancellationToken: Cancel)));
            AssertAsTold(feature, cell, refusal);
        }
    }

    [Fact]
    public async Task The_docker_control_plane_does_what_its_column_says()
    {
        await using var engine = await FakeEngine.StartAsync();
        var worker = FakeEngine
            .Node.Replace("\"n1\"", "\"n2\"", StringComparison.Ordinal)
            .Replace("manager1", "worker1", StringComparison.Ordinal);
        engine.Answer("/nodes", $"[{FakeEngine.Node},{worker}]");
        await using var plane = await PlaneHost.StartAsync(engine.Socket);
        foreach (var (feature, _, cell) in Rows)
        {
            var call = ControlPlaneFeatures.Calls[feature](plane.Client, new CallOptions(cancellationToken: Cancel));
            AssertAsTold(feature, cell, await RefusalAsync(call));
        }
    }

    private static void AssertAsTold(string feature, string cell, string refusal)
    {
        if (cell.StartsWith("yes", StringComparison.Ordinal))
        {
            Assert.False(NotHere.Contains(refusal), $"{feature}: '{cell}', but it is refused with {refusal}");
            return;
        }
        var named = Regex.Match(cell, @"\(`(\w+)`\)\.$").Groups[1].Value;
        var expected = named.Length > 0 ? named : "NotSupportedByControlPlane";
        Assert.True(refusal == expected, $"{feature}: {expected} expected, not '{refusal}'");
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
