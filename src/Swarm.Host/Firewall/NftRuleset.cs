using System.Text.Json;

namespace Swarm.Host.Firewall;

/// <summary>A chain that packets to this host pass.</summary>
internal sealed record NftChain(string Family, string Table, string Name, FirewallList List);

/// <summary>Reads 'nft -j list ruleset' (libnftables-json(5)).</summary>
internal static class NftRuleset
{
    private const int MaxJumps = 16;

    private sealed record Rule(JsonElement Json, string Family, string Table, string Chain);

    /// <summary>The base chains of the hook input, without the chains of other tools: firewalld's table, and iptables's chains.</summary>
    public static IReadOnlyList<NftChain> InputChains(string json)
    {
        using var document = JsonDocument.Parse(json);
        List<(string Family, string Table, string Name, bool Accepts)> bases = [];
        List<Rule> rules = [];
        foreach (var item in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (item.TryGetProperty("chain", out var chain))
            {
                if (Text(chain, "hook") == "input" && Text(chain, "type") == "filter")
                {
                    bases.Add((Text(chain, "family"), Text(chain, "table"), Text(chain, "name"), Text(chain, "policy") != "drop"));
                }
            }
            else if (item.TryGetProperty("rule", out var rule))
            {
                rules.Add(new Rule(rule, Text(rule, "family"), Text(rule, "table"), Text(rule, "chain")));
            }
        }
        return
        [
            .. bases
                .Where(static b => b.Family is "ip" or "ip6" or "inet" && b.Table != "firewalld" && !IsIptables(b.Family, b.Table, b.Name))
                .Select(b => new NftChain(
                    b.Family,
                    b.Table,
                    b.Name,
                    new FirewallList(
                        $"{b.Family} {b.Table} {b.Name}",
                        b.Family == "inet" ? null : b.Family == "ip6",
                        Entries(rules, b.Family, b.Table, b.Name, 0),
                        b.Accepts
                    )
                )),
        ];
    }

    private static bool IsIptables(string family, string table, string chain) => family != "inet" && table == "filter" && chain == "INPUT";

    private static List<FirewallEntry> Entries(List<Rule> rules, string family, string table, string chain, int depth)
    {
        List<FirewallEntry> entries = [];
        foreach (var rule in rules.Where(r => r.Family == family && r.Table == table && r.Chain == chain))
        {
            var (entry, jump) = Read(rule);
            if (jump is not null && depth < MaxJumps && entry is { Ports: null, Sources: null, Conditional: false })
            {
                entries.AddRange(Entries(rules, family, table, jump, depth + 1));
            }
            else if (jump is null && entry is not null)
            {
                entries.Add(entry);
            }
        }
        return entries;
    }

    private static (FirewallEntry? Entry, string? Jump) Read(Rule rule)
    {
        string? verdict = null,
            jump = null;
        var match = new Match();
        foreach (var expression in rule.Json.GetProperty("expr").EnumerateArray())
        {
            var property = expression.EnumerateObject().First();
            switch (property.Name)
            {
                case "match":
                    match.Read(property.Value);
                    break;
                case "counter" or "log":
                    break;
                case "accept" or "drop" or "reject" or "return":
                    verdict = property.Name;
                    break;
                case "jump" or "goto":
                    jump = Text(property.Value, "target");
                    break;
                default:
                    match.IsConditional = true;
                    break;
            }
        }
        if (verdict is null && jump is null)
        {
            return (null, null);
        }
        var comment = Text(rule.Json, "comment");
        var chain = $"{rule.Family} {rule.Table} {rule.Chain}";
        var ports = match.Ranges();
        var entry = new FirewallEntry
        {
            Ports = ports,
            Sources = match.Sources,
            Accepts = verdict == "accept",
            Conditional = match.IsConditional || verdict == "return",
            Ours = Opening.IsMark(comment),
            Handle = $"{chain} handle {rule.Json.GetProperty("handle").GetInt64()}",
            Text =
                $"{(ports is null ? "a rule" : string.Join(", ", ports))} {verdict} in {chain}{(comment.Length > 0 ? $" ({comment})" : "")}",
        };
        return (entry, jump);
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private sealed class Match
    {
        private List<string>? _ports;
        private string[] _protocols = [];

        public List<AddressRange>? Sources { get; private set; }
        public bool IsConditional { get; set; }

        public void Read(JsonElement match)
        {
            var left = match.GetProperty("left");
            var values = Text(match, "op") is "==" or "in" ? Values(match.GetProperty("right")) : null;
            if (left.TryGetProperty("payload", out var payload) && values is not null)
            {
                switch (Text(payload, "protocol"), Text(payload, "field"))
                {
                    case ("tcp" or "udp" or "th", "dport"):
                        _ports = values;
                        _protocols = Text(payload, "protocol") is var p && p != "th" ? [p] : _protocols;
                        return;
                    case ("ip" or "ip6", "saddr") when values.All(static v => AddressRange.TryParse(v, out _)):
                        Sources = values.ConvertAll(static v => AddressRange.TryParse(v, out var range) ? range : default);
                        return;
                    case ("ip", "protocol"):
                        _protocols = [.. values];
                        return;
                }
            }
            if (left.TryGetProperty("meta", out var meta) && values is not null && Text(meta, "key") == "l4proto")
            {
                _protocols = [.. values];
                return;
            }
            IsConditional = true;
        }

        public List<PortRange>? Ranges()
        {
            if (_ports is null)
            {
                // "tcp accept": a protocol alone is not judged.
                IsConditional |= _protocols.Length > 0;
                return null;
            }
            List<PortRange> all = [];
            foreach (var port in _ports)
            {
                foreach (var protocol in _protocols)
                {
                    if (PortRange.TryParse($"{port}/{protocol}", out var range))
                    {
                        all.Add(range);
                    }
                    else
                    {
                        IsConditional = true;
                    }
                }
            }
            return all;
        }

        /// <returns>Null unless it is a value, a range, a prefix or a set of these.</returns>
        private static List<string>? Values(JsonElement right)
        {
            switch (right.ValueKind)
            {
                case JsonValueKind.Number:
                    return [right.GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture)];
                case JsonValueKind.String when !right.GetString()!.StartsWith('@'):
                    return [right.GetString()!];
                case JsonValueKind.Object when right.TryGetProperty("range", out var range):
                    return [$"{range[0]}-{range[1]}"];
                case JsonValueKind.Object when right.TryGetProperty("prefix", out var prefix):
                    return [$"{prefix.GetProperty("addr")}/{prefix.GetProperty("len")}"];
                case JsonValueKind.Object when right.TryGetProperty("set", out var set) && set.ValueKind == JsonValueKind.Array:
                    var members = set.EnumerateArray().Select(Values).ToList();
                    return members.Contains(null) ? null : [.. members.SelectMany(static m => m!)];
                default:
                    return null;
            }
        }
    }
}
