using Swarm.Host.Systems;

namespace Swarm.Host.Firewall;

/// <summary>iptables and ip6tables: inserts rules with our comment at the head of INPUT.</summary>
/// <remarks>The rules are also written into the file that the system restores at its start, if there is one. 'netfilter-persistent save' is
/// not used:
/// it would keep every rule in effect at the moment, including an engine's.</remarks>
internal sealed class IptablesProvider(IHostSystem system) : FirewallProvider(system)
{
    /// <summary>The files of Debian's iptables-persistent and of Red Hat's iptables-services.</summary>
    private static readonly (bool IPv6, string Path)[] Files =
    [
        (false, "/etc/iptables/rules.v4"),
        (false, "/etc/sysconfig/iptables"),
        (true, "/etc/iptables/rules.v6"),
        (true, "/etc/sysconfig/ip6tables"),
    ];

    public override FirewallProviderKind Kind => FirewallProviderKind.Iptables;

    protected override string Tool => "iptables";

    public override async Task<bool> FiltersAsync(CancellationToken cancellation) =>
        (await ReadListsAsync(cancellation)).Any(static l => l.Filters);

    public override async Task<FirewallSnapshot> ReadAsync(CancellationToken cancellation)
    {
        var all = await ReadListsAsync(cancellation);
        var filtering = all.Where(static l => l.Filters).ToList();
        var lists = filtering.Count > 0 ? filtering : all;
        var keeps = lists.All(l => FileOf(l.IPv6 == true) is not null);
        return new FirewallSnapshot(lists, [])
        {
            IsKept = o =>
                lists
                    .Where(l => Concerns(l, o))
                    .All(l => FileOf(l.IPv6 == true) is { } path && Lines(System.Read(path)!).Contains(Line(o), StringComparer.Ordinal)),
            Warnings = keeps
                ? []
                :
                [
                    "The rules are in effect until the next start: this host has no file of rules that is restored then (package iptables-persistent, or iptables-services).",
                ],
        };
    }

    public override IReadOnlyList<HostStep> Add(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings)
    {
        List<HostStep> steps = [];
        foreach (var list in snapshot.Live)
        {
            var missing = openings.Where(list.NeedsRule).ToList();
            steps.AddRange(KeepSteps(list, l => [.. missing.Select(Line).Where(m => !l.Contains(m, StringComparer.Ordinal))], []));
            // The last is inserted first, so that they stand in order.
            steps.AddRange(Enumerable.Reverse(missing).Select(o => new CommandStep(Command(list, "-I", o), Command(list, "-D", o))));
        }
        return steps;
    }

    public override IReadOnlyList<HostStep> Remove(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings)
    {
        List<HostStep> steps = [];
        foreach (var list in snapshot.Live)
        {
            var there = openings.Where(o => list.Entries.Any(e => e.Ours && Is(e, o))).ToList();
            steps.AddRange(KeepSteps(list, static _ => [], [.. there.Select(Line)]));
            steps.AddRange(there.Select(o => new CommandStep(Command(list, "-D", o), Command(list, "-I", o))));
        }
        return steps;
    }

    private static bool Is(FirewallEntry entry, Opening opening) =>
        entry.Ports is [var port]
        && port == opening.Port
        && (opening.Source is { } s ? entry.Sources is [var own] && own == s : entry.Sources is null);

    private static bool Concerns(FirewallList list, Opening opening) => opening.Source is not { } source || list.IPv6 == source.IsIPv6;

    private static ToolCommand Command(FirewallList list, string verb, Opening opening) =>
        new(
            list.IPv6 == true ? "ip6tables" : "iptables",
            [
                "-w",
                verb,
                "INPUT",
                .. Source(opening),
                "-p",
                opening.Port.ProtocolName,
                "-m",
                opening.Port.ProtocolName,
                "--dport",
                opening.Port.Join(":"),
                "-m",
                "comment",
                "--comment",
                opening.Comment,
                "-j",
                "ACCEPT",
            ]
        );

    private static string[] Source(Opening opening) => opening.Source is { } source ? ["-s", source.ToString()] : [];

    /// <summary>The rule as iptables-save writes it.</summary>
    private static string Line(Opening opening)
    {
        var source = opening.Source is { } from ? $"-s {from.Network} " : "";
        return $"-A INPUT {source}-p {opening.Port.ProtocolName} -m {opening.Port.ProtocolName} --dport {opening.Port.Join(":")} -m comment --comment \"{opening.Comment}\" -j ACCEPT";
    }

    private async Task<List<FirewallList>> ReadListsAsync(CancellationToken cancellation)
    {
        List<FirewallList> lists = [IptablesRules.Input(await ReadToolAsync(cancellation, "-w", "-S"), ipv6: false)];
        if (System.Find("ip6tables") is not null)
        {
            // A kernel without IPv6 has no IPv6 ports to open.
            var result = await System.RunAsync(new ToolCommand("ip6tables", "-w", "-S"), cancellation);
            if (result.Succeeded)
            {
                lists.Add(IptablesRules.Input(result.Output, ipv6: true));
            }
        }
        return lists;
    }

    // -- the rules that the next start restores

    private string? FileOf(bool ipv6) =>
        Files.Where(f => f.IPv6 == ipv6).Select(static f => f.Path).FirstOrDefault(p => System.Read(p) is not null);

    private static string[] Lines(string text) => text.Split('\n');

    private List<HostStep> KeepSteps(FirewallList list, Func<string[], IReadOnlyList<string>> added, IReadOnlyList<string> removed)
    {
        if (FileOf(list.IPv6 == true) is not { } path)
        {
            return [];
        }
        var before = System.Read(path)!;
        List<string> lines = [.. Lines(before).Where(l => !removed.Contains(l, StringComparer.Ordinal))];
        var start = lines.FindIndex(static l => l.Trim() == "*filter");
        var end = start < 0 ? -1 : lines.FindIndex(start, static l => l.Trim() == "COMMIT");
        if (end < 0)
        {
            return [];
        }
        var first = lines.FindIndex(start, end - start, static l => l.StartsWith("-A INPUT ", StringComparison.Ordinal));
        lines.InsertRange(first < 0 ? end : first, added(Lines(before)));
        var after = string.Join('\n', lines);
        return after == before
            ? []
            :
            [
                new FileStep(path, before, after),
                new CommandStep(new ToolCommand(list.IPv6 == true ? "ip6tables-restore" : "iptables-restore", "--test", path)),
            ];
    }
}
