using System.Xml.Linq;
using Swarm.Host.Systems;

namespace Swarm.Host.Firewall;

/// <summary>firewalld: adds ports and rich rules to a zone permanently, then reloads.</summary>
/// <remarks>firewalld keeps no comments, so <see cref="LedgerPath"/> lists the rules that this library added.</remarks>
internal sealed class FirewalldProvider(IHostSystem system, string zone) : FirewallProvider(system)
{
    /// <summary>The list of our rules, a line each: zone, port, and the source if there is one.</summary>
    public const string LedgerPath = "/etc/swarm/firewalld-rules";

    private string _zone = zone;
    private string? _found;
    private bool _mayReload;
    private HashSet<(string Zone, Opening Opening)> _ledger = [];

    public override FirewallProviderKind Kind => FirewallProviderKind.Firewalld;

    protected override string Tool => "firewall-cmd";

    /// <summary>firewall-cmd answers only while firewalld runs. The answer is kept for the first reading: each call of the tool takes a
    /// third of a second.</summary>
    public override async Task<bool> FiltersAsync(CancellationToken cancellation)
    {
        var zones = await System.RunAsync(new ToolCommand(Tool, "--list-all-zones"), cancellation);
        _found = zones.Succeeded ? zones.Output : null;
        return zones.Succeeded;
    }

    public override async Task RequireRunningAsync(CancellationToken cancellation)
    {
        if (!await FiltersAsync(cancellation))
        {
            throw new HostException(
                "FirewallNotRunning",
                "firewalld is installed but does not run. Nothing was changed.",
                Tool,
                "Start it with 'systemctl enable --now firewalld', or name the firewall that is in use with -Provider."
            );
        }
    }

    public override async Task<FirewallSnapshot> ReadAsync(CancellationToken cancellation)
    {
        var live = ParseZones(_found ?? await ReadToolAsync(cancellation, "--list-all-zones"));
        _found = null;
        var permanent = ParseZones(await ReadToolAsync(cancellation, "--permanent", "--list-all-zones"));
        if (_zone.Length == 0)
        {
            _zone = (await ReadToolAsync(cancellation, "--get-default-zone")).Trim();
        }
        if (!live.TryGetValue(_zone, out var now) || !permanent.TryGetValue(_zone, out var later))
        {
            throw new HostException(
                "FirewallZoneNotFound",
                $"firewalld has no zone '{_zone}'. Nothing was changed.",
                _zone,
                $"Choose one of: {string.Join(", ", live.Keys.Order(StringComparer.Ordinal))}."
            );
        }
        // A reload would drop the administrator's runtime rules.
        _mayReload = live.All(z => permanent.TryGetValue(z.Key, out var kept) && kept.Rules.SetEquals(z.Value.Rules));
        _ledger = ReadLedger();
        return new FirewallSnapshot([ToList(now)], [ToList(later)]) { Warnings = Warnings(live) };
    }

    public override IReadOnlyList<HostStep> Add(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings)
    {
        List<HostStep> steps =
        [
            .. openings
                .Where(o => snapshot.Permanent.Any(l => l.NeedsRule(o)))
                .Select(o => new CommandStep(Command(o, "add", ["--permanent"]), Command(o, "remove", ["--permanent"]))),
        ];
        var ledger = _ledger.Union(openings.Select(o => (_zone, o))).ToHashSet();
        steps.Add(LedgerStep(ledger));
        steps.AddRange(LiveSteps(openings.Where(o => snapshot.Live.Any(l => l.NeedsRule(o))), "add", "remove"));
        return steps;
    }

    public override IReadOnlyList<HostStep> Remove(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings)
    {
        List<HostStep> steps =
        [
            .. openings
                .Where(o => snapshot.Permanent.Any(l => HasOurs(l, o)))
                .Select(o => new CommandStep(Command(o, "remove", ["--permanent"]), Command(o, "add", ["--permanent"]))),
        ];
        steps.Add(LedgerStep([.. _ledger.Except(openings.Select(o => (_zone, o)))]));
        steps.AddRange(LiveSteps(openings.Where(o => snapshot.Live.Any(l => HasOurs(l, o))), "remove", "add"));
        return steps;
    }

    private static bool HasOurs(FirewallList list, Opening opening) =>
        list.Entries.Any(e =>
            e.Ours && e.Ports!.Contains(opening.Port) && (opening.Source is { } s ? e.Sources?.Contains(s) == true : e.Sources is null)
        );

    private IEnumerable<HostStep> LiveSteps(IEnumerable<Opening> openings, string verb, string back) =>
        _mayReload
            ? [new CommandStep(new ToolCommand(Tool, "--reload"))]
            : openings.Select(o => new CommandStep(Command(o, verb, []), Command(o, back, [])));

    private ToolCommand Command(Opening opening, string verb, string[] first) =>
        new(
            Tool,
            [
                .. first,
                $"--zone={_zone}",
                opening.Source is { } source ? $"--{verb}-rich-rule={RichRule(opening.Port, source)}" : $"--{verb}-port={opening.Port}",
            ]
        );

    private static string RichRule(PortRange port, AddressRange source) =>
        $"rule family=\"{(source.IsIPv6 ? "ipv6" : "ipv4")}\" source address=\"{source}\" port port=\"{port.Ports}\" protocol=\"{port.ProtocolName}\" accept";

    // -- the list of our rules

    private HashSet<(string Zone, Opening Opening)> ReadLedger()
    {
        HashSet<(string, Opening)> all = [];
        foreach (var line in (System.Read(LedgerPath) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && words[0] != "#" && PortRange.TryParse(words[1], out var port))
            {
                AddressRange? source = words.Length > 2 && AddressRange.TryParse(words[2], out var range) ? range : null;
                all.Add((words[0], new Opening(port, source)));
            }
        }
        return all;
    }

    private FileStep LedgerStep(HashSet<(string Zone, Opening Opening)> ledger)
    {
        var lines = ledger.Select(static r => $"{r.Zone} {r.Opening.Port} {r.Opening.Source}".TrimEnd()).Order(StringComparer.Ordinal);
        var text = ledger.Count == 0 ? null : $"# Rules of firewalld that Swarm added, and may remove.\n{string.Join('\n', lines)}\n";
        return new FileStep(LedgerPath, System.Read(LedgerPath), text);
    }

    // -- reading

    private sealed record Zone(string Name, string Target, bool HasInterfaces)
    {
        public List<string> Services { get; } = [];
        public List<PortRange> Ports { get; } = [];
        public List<string> RichRules { get; } = [];

        /// <summary>The settings of the zone that a reload replaces.</summary>
        public HashSet<string> Rules { get; } = new(StringComparer.Ordinal);
    }

    private static Dictionary<string, Zone> ParseZones(string text)
    {
        Dictionary<string, Zone> zones = new(StringComparer.Ordinal);
        Zone? zone = null;
        var inRichRules = false;
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0)
            {
                continue;
            }
            if (!char.IsWhiteSpace(line[0]))
            {
                var name = line.Split(' ', '(')[0];
                zone = zones[name] = new Zone(name, "default", false);
                inRichRules = false;
                continue;
            }
            if (zone is null)
            {
                continue;
            }
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            var trimmed = line.Trim();
            if (inRichRules && trimmed.StartsWith("rule ", StringComparison.Ordinal))
            {
                zone.RichRules.Add(trimmed);
                zone.Rules.Add(trimmed);
                continue;
            }
            var key = (colon < 0 ? trimmed.TrimEnd(':') : line[..colon]).Trim();
            var value = colon < 0 ? "" : line[(colon + 2)..].Trim();
            inRichRules = key == "rich rules";
            switch (key)
            {
                case "target":
                    zones[zone.Name] = zone = zone with { Target = value };
                    break;
                case "interfaces":
                    zones[zone.Name] = zone = zone with { HasInterfaces = value.Length > 0 };
                    continue;
                case "services":
                    zone.Services.AddRange(value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                    break;
                case "ports":
                    foreach (var word in value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    {
                        if (PortRange.TryParse(word, out var port))
                        {
                            zone.Ports.Add(port);
                        }
                    }
                    break;
                case "sources":
                    continue;
            }
            zone.Rules.Add(
                key is "services" or "ports" ? $"{key}: {string.Join(' ', value.Split(' ').Order(StringComparer.Ordinal))}" : trimmed
            );
        }
        return zones;
    }

    private FirewallList ToList(Zone zone)
    {
        // firewalld evaluates rich rules first, and denying ones before allowing ones (firewalld.richlanguage(5)).
        var rich = zone.RichRules.Select(r => FirewalldRichRule.Parse(r, o => _ledger.Contains((zone.Name, o)))).ToList();
        return new FirewallList(
            $"zone {zone.Name}",
            null,
            [
                .. rich.Where(static e => !e.Accepts),
                .. rich.Where(static e => e.Accepts),
                .. zone.Ports.Select(p => new FirewallEntry
                {
                    Ports = [p],
                    Accepts = true,
                    Ours = _ledger.Contains((zone.Name, new Opening(p, null))),
                    Text = $"port {p} in zone {zone.Name}",
                }),
                .. zone.Services.Select(s => new FirewallEntry
                {
                    Ports = ServicePorts(s),
                    Accepts = true,
                    Text = $"service {s} in zone {zone.Name}",
                }),
            ],
            zone.Target == "ACCEPT"
        );
    }

    private List<PortRange> ServicePorts(string service)
    {
        var text = System.Read($"/etc/firewalld/services/{service}.xml") ?? System.Read($"/usr/lib/firewalld/services/{service}.xml");
        List<PortRange> ports = [];
        if (text is not null)
        {
            foreach (var port in XDocument.Parse(text).Root!.Elements("port"))
            {
                if (PortRange.TryParse($"{port.Attribute("port")?.Value}/{port.Attribute("protocol")?.Value}", out var range))
                {
                    ports.Add(range);
                }
            }
        }
        return ports;
    }

    private List<string> Warnings(Dictionary<string, Zone> live)
    {
        List<string> warnings = [];
        var others = live
            .Values.Where(z => z.HasInterfaces && z.Name != _zone && z.Name is not ("docker" or "libvirt"))
            .Select(z => z.Name);
        if (live.Values.Any(z => z.HasInterfaces) && !live[_zone].HasInterfaces && string.Join(", ", others) is { Length: > 0 } names)
        {
            warnings.Add($"The interfaces of this host are in zone {names}, not in {_zone}: choose it with -Zone.");
        }
        if (!_mayReload)
        {
            warnings.Add("Rules that are set for now only exist here: firewalld is not reloaded, so that they stay.");
        }
        return warnings;
    }
}
