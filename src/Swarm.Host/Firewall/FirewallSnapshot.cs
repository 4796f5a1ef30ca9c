namespace Swarm.Host.Firewall;

/// <summary>A port with one source, or with all.</summary>
internal readonly record struct Opening(PortRange Port, AddressRange? Source)
{
    /// <summary>Marks the rules that this library adds. Nobody writes this phrase by chance.</summary>
    public const string Mark = "Swarm rule: ";

    public string Comment => Mark + SwarmPorts.PurposeOf(Port);

    public static bool IsMark(string comment) => comment.StartsWith(Mark, StringComparison.Ordinal);

    public override string ToString() => Source is { } source ? $"{Port} from {source}" : Port.ToString();
}

/// <summary>The understood part of a firewall's rule.</summary>
internal sealed record FirewallEntry
{
    /// <summary>Null: every port.</summary>
    public IReadOnlyList<PortRange>? Ports { get; init; }

    /// <summary>Null: from everywhere.</summary>
    public IReadOnlyList<AddressRange>? Sources { get; init; }
    public required bool Accepts { get; init; }

    /// <summary>The rule depends on a condition that is not read here (an interface, a connection's state, a set), so it neither opens nor
    /// closes.</summary>
    public bool Conditional { get; init; }
    public bool Ours { get; init; }

    /// <summary>The rule as the tool shows it.</summary>
    public required string Text { get; init; }

    /// <summary>The tool's handle for deleting the rule.</summary>
    public string Handle { get; init; } = "";

    public bool ClosesEverything => !Accepts && !Conditional && Ports is null && Sources is null;
}

/// <summary>Rules in the order in which the first match decides.</summary>
/// <param name="Name">Name of the chain, the zone or the file.</param>
/// <param name="IPv6">The family of the packets that pass the list; null: both.</param>
/// <param name="Entries">In order.</param>
/// <param name="AcceptsByDefault">The default for packets that no entry matches.</param>
internal sealed record FirewallList(string Name, bool? IPv6, IReadOnlyList<FirewallEntry> Entries, bool AcceptsByDefault)
{
    /// <summary>True unless the list accepts everything.</summary>
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

    /// <summary>True when no rule of this list accepts the opening. A default that accepts does not count.</summary>
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

/// <summary>The decision of a list on an opening.</summary>
/// <param name="State">Open, closed, or closed on purpose.</param>
/// <param name="By">The deciding rule; null: the default.</param>
/// <param name="AnotherFamily">Packets of that source never pass this list.</param>
internal readonly record struct Verdict(FirewallRuleState State, FirewallEntry? By, bool AnotherFamily = false);

/// <summary>A firewall at one moment.</summary>
/// <param name="Live">The lists in effect: a packet must be accepted by all of them.</param>
/// <param name="Permanent">The lists of the next start; empty when they equal the live ones, or when nothing is kept.</param>
internal sealed record FirewallSnapshot(IReadOnlyList<FirewallList> Live, IReadOnlyList<FirewallList> Permanent)
{
    /// <summary>The live rules are restored by themselves after a restart.</summary>
    public bool LiveIsKept { get; init; }

    /// <summary>Tells which of our own rules are kept, where that is known for each.</summary>
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
