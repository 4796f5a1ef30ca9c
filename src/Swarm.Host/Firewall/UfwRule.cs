namespace Swarm.Host.Firewall;

/// <summary>Reads a line of 'ufw show added': ufw allow from 10.0.0.1 to any port 2377 proto tcp comment 'x'.</summary>
internal static class UfwRule
{
    /// <returns>Null unless the rule is about packets to this host.</returns>
    public static FirewallEntry? Parse(string line)
    {
        var comment = "";
        var at = line.IndexOf(" comment '", StringComparison.Ordinal);
        var rule = line;
        if (at >= 0)
        {
            comment = line[(at + " comment '".Length)..].TrimEnd('\'');
            rule = line[..at];
        }
        var words = new Queue<string>(rule.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1));
        if (!words.TryDequeue(out var verdict) || verdict is "route")
        {
            return null;
        }
        bool conditional = false,
            afterTo = false;
        string ports = "",
            protocol = "",
            from = "";
        while (words.TryDequeue(out var word))
        {
            switch (word)
            {
                case "in" or "log" or "log-all":
                    break;
                case "out":
                    return null;
                case "on":
                    words.TryDequeue(out _);
                    conditional = true;
                    break;
                case "from":
                    words.TryDequeue(out from!);
                    afterTo = false;
                    break;
                case "to":
                    words.TryDequeue(out var to);
                    conditional |= to != "any";
                    afterTo = true;
                    break;
                case "port":
                    words.TryDequeue(out var port);
                    conditional |= !afterTo;
                    ports = port ?? "";
                    break;
                case "proto":
                    words.TryDequeue(out protocol!);
                    break;
                default:
                    var parts = word.Split('/');
                    ports = parts[0];
                    protocol = parts.Length > 1 ? parts[1] : protocol;
                    break;
            }
        }
        var ranges = Ranges(ports, protocol);
        var anywhere = from is "" or "any" or null;
        IReadOnlyList<AddressRange>? sources = !anywhere && AddressRange.TryParse(from!, out var source) ? [source] : null;
        return new FirewallEntry
        {
            Ports = ports.Length == 0 ? null : ranges,
            Sources = sources,
            Accepts = verdict is "allow" or "limit",
            // The name of an application, or a protocol without ports.
            Conditional =
                conditional
                || (ports.Length > 0 && ranges is null)
                || (!anywhere && sources is null)
                || (ports.Length == 0 && protocol.Length > 0),
            Ours = Opening.IsMark(comment),
            Text = line,
        };
    }

    private static List<PortRange>? Ranges(string ports, string protocol)
    {
        List<PortRange> all = [];
        string[] protocols = protocol.Length == 0 ? ["tcp", "udp"] : [protocol];
        foreach (var part in ports.Split(','))
        {
            foreach (var name in protocols)
            {
                if (!PortRange.TryParse($"{part}/{name}", out var range))
                {
                    return null;
                }
                all.Add(range);
            }
        }
        return all;
    }
}
