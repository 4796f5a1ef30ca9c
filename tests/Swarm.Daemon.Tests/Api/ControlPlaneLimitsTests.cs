using System.Text.RegularExpressions;
using Swarm.Daemon.Api;

namespace Swarm.Daemon.Tests.Api;

public sealed class ControlPlaneLimitsTests
{
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
            Rows.Select(r => r.Feature.Split(' ')[0]).Distinct().Order(StringComparer.Ordinal)
        );
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
