using System.Text.RegularExpressions;
using Swarm.Host.Systems;

namespace Swarm.Host.Firewall;

/// <summary>nftables without a front end: inserts rules at the head of every input chain that filters.</summary>
/// <remarks>An accept in a table of our own would not help: a packet must be accepted by every chain of the hook. All rules are added or
/// removed in one
/// transaction. They are kept in a file that the system's configuration includes, if that configuration makes the same tables.</remarks>
internal sealed partial class NftablesProvider(IHostSystem system) : FirewallProvider(system)
{
    public const string RulesPath = "/etc/swarm/nftables.nft";
    private const string IncludeLine = $"include \"{RulesPath}\"";

    /// <summary>The configuration files of Debian and of Red Hat.</summary>
    private static readonly string[] Configurations = ["/etc/nftables.conf", "/etc/sysconfig/nftables.conf"];

    private IReadOnlyList<NftChain> _chains = [];

    public override FirewallProviderKind Kind => FirewallProviderKind.Nftables;

    protected override string Tool => "nft";

    public override async Task<bool> FiltersAsync(CancellationToken cancellation) =>
        (await ReadChainsAsync(cancellation)).Any(static c => c.List.Filters);

    public override async Task<FirewallSnapshot> ReadAsync(CancellationToken cancellation)
    {
        var all = await ReadChainsAsync(cancellation);
        _chains = all.Any(static c => c.List.Filters) ? [.. all.Where(static c => c.List.Filters)] : all;
        var configuration = Configuration();
        var kept = (System.Read(RulesPath) ?? "").Split('\n').ToHashSet(StringComparer.Ordinal);
        var included = configuration is not null && System.Read(configuration)!.Contains(IncludeLine, StringComparison.Ordinal);
        return new FirewallSnapshot([.. _chains.Select(static c => c.List)], [])
        {
            IsKept = o => included && _chains.Where(c => Concerns(c, o)).All(c => kept.Contains(InsertLine(c, o))),
            Warnings =
                _chains.Count == 0 ? ["nftables has no input chain: nothing is filtered."]
                : configuration is null && _chains.Any(static c => c.List.Filters)
                    ? ["The rules are in effect until nftables is loaded anew: no configuration file of this host makes these chains."]
                : [],
        };
    }

    public override IReadOnlyList<HostStep> Add(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings)
    {
        List<string> lines = [];
        var chains = _chains;
        if (chains.Count == 0)
        {
            lines.Add("add table inet swarm");
            lines.Add("add chain inet swarm input { type filter hook input priority filter; policy accept; }");
            chains = [new NftChain("inet", "swarm", "input", new FirewallList("inet swarm input", null, [], true))];
        }
        // Each rule goes to the head of its chain: the last one inserted is evaluated first.
        var inserts = openings.SelectMany(o => chains.Where(c => c.List.NeedsRule(o)).Select(c => InsertLine(c, o))).ToList();
        lines.AddRange(inserts);
        return [.. KeepSteps([.. KeptLines(), .. inserts]), new CommandStep(Transaction(lines))];
    }

    public override IReadOnlyList<HostStep> Remove(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings)
    {
        var entries = snapshot.Live.SelectMany(static l => l.Entries).Where(e => e.Ours && openings.Any(o => Is(e, o))).ToList();
        var gone = openings.SelectMany(o => _chains.Select(c => InsertLine(c, o))).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. KeepSteps([.. KeptLines().Where(l => !gone.Contains(l))]),
            new CommandStep(Transaction([.. entries.Select(static e => $"delete rule {e.Handle}")])),
        ];
    }

    private static ToolCommand Transaction(IReadOnlyList<string> lines) =>
        new("nft", "-f", "-") { Input = string.Join('\n', lines) + "\n" };

    private static bool Is(FirewallEntry entry, Opening opening) =>
        entry.Ports is [var port]
        && port == opening.Port
        && (opening.Source is { } s ? entry.Sources is [var own] && own == s : entry.Sources is null);

    private static bool Concerns(NftChain chain, Opening opening) =>
        opening.Source is not { } source || chain.List.IPv6 is not { } v6 || v6 == source.IsIPv6;

    private static string InsertLine(NftChain chain, Opening opening)
    {
        var source = opening.Source is { } from ? $"{(from.IsIPv6 ? "ip6" : "ip")} saddr {from} " : "";
        return $"insert rule {chain.Family} {chain.Table} {chain.Name} {source}{opening.Port.ProtocolName} dport {opening.Port.Ports} accept comment \"{opening.Comment}\"";
    }

    private async Task<IReadOnlyList<NftChain>> ReadChainsAsync(CancellationToken cancellation)
    {
        var result = await System.RunAsync(new ToolCommand(Tool, "-j", "list", "ruleset"), cancellation);
        return result.Succeeded
            ? NftRuleset.InputChains(result.Output)
            : throw new HostException(
                "FirewallToolFailed",
                $"'nft -j list ruleset' failed: {result.Reason}. Nothing was changed.",
                Tool,
                "Run it by hand and correct what it says."
            );
    }

    // -- the rules that the next start loads

    private string? Configuration() =>
        Configurations.FirstOrDefault(path =>
            System.Read(path) is { } text
            && _chains.Count > 0
            && _chains.All(c => TablePattern.Matches(text).Any(m => Family(m.Groups[1].Value) == c.Family && m.Groups[2].Value == c.Table))
        );

    // A table without a family is of the family ip.
    private static string Family(string written) => written.Length == 0 ? "ip" : written.Trim();

    [GeneratedRegex(@"^\s*(?:add\s+)?table\s+((?:ip|ip6|inet)\s+)?(\S+)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex TablePattern { get; }

    private IEnumerable<string> KeptLines() =>
        (System.Read(RulesPath) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static l => !l.StartsWith('#'));

    private List<HostStep> KeepSteps(IReadOnlyList<string> lines)
    {
        if (Configuration() is not { } path)
        {
            return [];
        }
        var (before, rules) = (System.Read(path)!, System.Read(RulesPath));
        if (lines.Count == 0)
        {
            var without = before.Replace($"{IncludeLine}\n", "", StringComparison.Ordinal);
            return
            [
                .. without == before ? [] : new[] { new FileStep(path, before, without) },
                .. rules is null ? [] : new[] { new FileStep(RulesPath, rules, null) },
            ];
        }
        List<HostStep> steps =
        [
            new FileStep(RulesPath, rules, $"# Rules that Swarm added, and may remove.\n{string.Join('\n', lines.Distinct())}\n"),
        ];
        if (!before.Contains(IncludeLine, StringComparison.Ordinal))
        {
            steps.Add(new FileStep(path, before, $"{before.TrimEnd('\n')}\n{IncludeLine}\n"));
        }
        // A configuration that cannot be loaded would leave the host without a firewall after its next start.
        steps.Add(new CommandStep(new ToolCommand(Tool, "-c", "-f", path)));
        return steps;
    }
}
