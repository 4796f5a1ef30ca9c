namespace Swarm.Host.Firewall;

/// <summary>One way through: a port, and one source or all.</summary>
internal readonly record struct Opening(PortRange Port, AddressRange? Source)
{
    /// <summary>Marks what is ours. Not a word that somebody writes by chance.</summary>
    public const string Mark = "Swarm rule: ";

    public string Comment => Mark + SwarmPorts.PurposeOf(Port);

    public static bool IsMark(string comment) => comment.StartsWith(Mark, StringComparison.Ordinal);

    public override string ToString() => Source is { } source ? $"{Port} from {source}" : Port.ToString();
}

/// <summary>A rule of a firewall, as far as it is understood.</summary>
internal sealed record FirewallEntry
{
    /// <summary>Null: every port.</summary>
    public IReadOnlyList<PortRange>? Ports { get; init; }

    /// <summary>Null: from everywhere.</summary>
    public IReadOnlyList<AddressRange>? Sources { get; init; }
    public required bool Accepts { get; init; }

    /// <summary>Depends on something that is not looked at here (an interface, a connection's state, a set): neither opens nor closes.</summary>
    public bool Conditional { get; init; }
    public bool Ours { get; init; }

    /// <summary>As the tool shows it.</summary>
    public required string Text { get; init; }

    /// <summary>What the tool needs to delete it.</summary>
    public string Handle { get; init; } = "";

    public bool ClosesEverything => !Accepts && !Conditional && Ports is null && Sources is null;
}

/// <summary>Rules in the order in which the first match decides.</summary>
/// <param name="Name">Of the chain, the zone or the file.</param>
/// <param name="IPv6">Whose packets pass it; null: both families'.</param>
/// <param name="Entries">In order.</param>
/// <param name="AcceptsByDefault">What happens to packets that no entry matches.</param>
internal sealed record FirewallList(string Name, bool? IPv6, IReadOnlyList<FirewallEntry> Entries, bool AcceptsByDefault)
{
    /// <summary>It does not let everything through.</summary>
    public bool Filters => !AcceptsByDefault || Entries.Any(static e => e.ClosesEverything);

    public Verdict Judge(Opening opening)
    {
        if (opening.Source is { } from && IPv6 is { } v6 && from.IsIPv6 != v6)
        {
            return new Verdict(FirewallRuleState.Open, null, AnotherFamily: true);
        }
        foreach (var entry in Entries)
        {
            if (entry.Conditional)
            {
                continue;
            }
            if (entry.Accepts)
            {
                if (CoversPort(entry, opening) && CoversSource(entry, opening))
                {
                    return new Verdict(FirewallRuleState.Open, entry);
                }
            }
            else if (TouchesPort(entry, opening) && TouchesSource(entry, opening))
            {
                return new Verdict(entry.Ports is null ? FirewallRuleState.Closed : FirewallRuleState.Blocked, entry);
            }
        }
        return new Verdict(AcceptsByDefault ? FirewallRuleState.Open : FirewallRuleState.Closed, null);
    }

    /// <summary>No rule lets it through here; that the default does is not relied on.</summary>
    public bool NeedsRule(Opening opening) =>
        Judge(opening) is var verdict && !verdict.AnotherFamily && verdict is not { State: FirewallRuleState.Open, By: not null };

    private static bool CoversPort(FirewallEntry entry, Opening opening) =>
        entry.Ports is null || entry.Ports.Any(p => p.Contains(opening.Port));

    private static bool CoversSource(FirewallEntry entry, Opening opening) =>
        entry.Sources is null || (opening.Source is { } source && entry.Sources.Any(s => s.Contains(source)));

    private static bool TouchesPort(FirewallEntry entry, Opening opening) =>
        entry.Ports is null || entry.Ports.Any(p => p.Overlaps(opening.Port));

    // A ban of some addresses does not close a port that is open to everybody else.
    private static bool TouchesSource(FirewallEntry entry, Opening opening) =>
        entry.Sources is null || (opening.Source is { } source && entry.Sources.Any(s => s.Overlaps(source)));
}

/// <summary>What a list does with an opening.</summary>
/// <param name="State">Open, closed, or closed on purpose.</param>
/// <param name="By">The rule that decides; null: the default.</param>
/// <param name="AnotherFamily">Packets of that source never get here.</param>
internal readonly record struct Verdict(FirewallRuleState State, FirewallEntry? By, bool AnotherFamily = false);

/// <summary>A firewall at one moment.</summary>
/// <param name="Live">What packets meet now: all lists must let them through.</param>
/// <param name="Permanent">What will be loaded at the next start; empty when it is the same as what is live, or is not kept.</param>
internal sealed record FirewallSnapshot(IReadOnlyList<FirewallList> Live, IReadOnlyList<FirewallList> Permanent)
{
    /// <summary>What is live comes back by itself after a restart.</summary>
    public bool LiveIsKept { get; init; }

    /// <summary>Of our own rules: which are kept, where that is known for each.</summary>
    public Func<Opening, bool> IsKept { get; init; } = static _ => false;
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public IEnumerable<FirewallEntry> Ours => Live.Concat(Permanent).SelectMany(static l => l.Entries).Where(static e => e.Ours);

    /// <summary>The openings of our own rules, each once.</summary>
    public IReadOnlyList<Opening> OurOpenings =>
        [
            .. Ours.SelectMany(static e =>
                    (e.Ports ?? []).SelectMany(p =>
                        e.Sources is { } sources ? sources.Select(s => new Opening(p, s)) : [new Opening(p, null)]
                    )
                )
                .Distinct()
                .OrderBy(static o => o.Port.First)
                .ThenBy(static o => o.Port.Protocol)
                .ThenBy(static o => o.Source?.ToString(), StringComparer.Ordinal),
        ];
}
