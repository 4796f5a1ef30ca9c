namespace Swarm.Host.Firewall;

/// <summary>Reads 'iptables -S'.</summary>
internal static class IptablesRules
{
    private const int MaxJumps = 16;

    public static FirewallList Input(string text, bool ipv6)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var rules = lines.Select(Split).Where(static w => w.Count > 1 && w[0] == "-A").ToLookup(static w => w[1], StringComparer.Ordinal);
        return new FirewallList(
            $"{(ipv6 ? "ip6tables" : "iptables")} INPUT",
            ipv6,
            Entries(rules, "INPUT", 0),
            !lines.Contains("-P INPUT DROP", StringComparer.Ordinal)
        );
    }

    private static List<FirewallEntry> Entries(ILookup<string, List<string>> rules, string chain, int depth)
    {
        List<FirewallEntry> entries = [];
        foreach (var words in rules[chain])
        {
            var (entry, jump) = Read(words);
            if (entry is not null)
            {
                entries.Add(entry);
            }
            else if (jump is not null && depth < MaxJumps)
            {
                entries.AddRange(Entries(rules, jump, depth + 1));
            }
        }
        return entries;
    }

    private static (FirewallEntry? Entry, string? Jump) Read(List<string> words)
    {
        string protocol = "",
            ports = "",
            comment = "",
            target = "";
        List<AddressRange>? sources = null;
        var conditional = false;
        for (var i = 2; i < words.Count; i++)
        {
            var next = i + 1 < words.Count ? words[i + 1] : "";
            switch (words[i])
            {
                case "-p":
                    protocol = next;
                    i++;
                    break;
                case "-s" when AddressRange.TryParse(next, out var source):
                    sources = [source];
                    i++;
                    break;
                case "--dport" or "--dports":
                    ports = next;
                    i++;
                    break;
                case "--comment":
                    comment = next;
                    i++;
                    break;
                case "-m" when next is "tcp" or "udp" or "comment" or "multiport":
                    i++;
                    break;
                case "-j" or "-g":
                    target = next;
                    // The rest belongs to the target: --reject-with.
                    i = words.Count;
                    break;
                default:
                    conditional = true;
                    break;
            }
        }
        List<PortRange>? ranges = ports.Length == 0 ? null : [];
        foreach (var port in ports.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (PortRange.TryParse($"{port}/{protocol}", out var range))
            {
                ranges!.Add(range);
            }
            else
            {
                conditional = true;
            }
        }
        conditional |= ports.Length == 0 && protocol.Length > 0;
        if (target is not ("ACCEPT" or "DROP" or "REJECT"))
        {
            return (null, conditional || ranges is not null || sources is not null || target is "LOG" or "RETURN" or "" ? null : target);
        }
        var entry = new FirewallEntry
        {
            Ports = ranges,
            Sources = sources,
            Accepts = target == "ACCEPT",
            Conditional = conditional,
            Ours = Opening.IsMark(comment),
            Text = string.Join(' ', words),
        };
        return (entry, null);
    }

    /// <summary>Splits a line into words; text in double quotes is a single word.</summary>
    private static List<string> Split(string line)
    {
        List<string> words = [];
        var word = "";
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ' ' && !quoted)
            {
                words.Add(word);
                word = "";
            }
            else
            {
                word += c;
            }
        }
        words.Add(word);
        return words;
    }
}
