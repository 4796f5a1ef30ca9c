using System.Text.RegularExpressions;

namespace Swarm.Host.Firewall;

/// <summary>Reads a rich rule as firewalld prints it: rule family="ipv4" source address="10.0.0.1" port port="2377" protocol="tcp" accept.</summary>
internal static partial class FirewalldRichRule
{
    [GeneratedRegex("([a-z-]+)(?:=\"([^\"]*)\")?", RegexOptions.CultureInvariant)]
    private static partial Regex Word { get; }

    public static FirewallEntry Parse(string text, Func<Opening, bool> isOurs)
    {
        string port = "",
            protocol = "",
            address = "";
        bool accepts = false,
            denies = false,
            conditional = text.Contains(" NOT ", StringComparison.Ordinal);
        var element = "";
        foreach (Match match in Word.Matches(text))
        {
            var (word, value, hasValue) = (match.Groups[1].Value, match.Groups[2].Value, match.Groups[2].Success);
            switch (word)
            {
                case "rule" or "family" or "priority" or "log" or "audit" or "prefix" or "level" or "type":
                    break;
                case "accept":
                    accepts = true;
                    break;
                case "drop" or "reject":
                    denies = true;
                    break;
                case "source" or "port":
                    if (hasValue)
                    {
                        port = value;
                    }
                    else
                    {
                        element = word;
                    }
                    break;
                case "address" when element == "source":
                    address = value;
                    break;
                case "protocol" when element == "port":
                    protocol = value;
                    break;
                default:
                    // A destination, a service, a limit, an ipset, …
                    conditional = true;
                    break;
            }
        }
        IReadOnlyList<PortRange>? ports = PortRange.TryParse($"{port}/{protocol}", out var range) ? [range] : null;
        IReadOnlyList<AddressRange>? sources = AddressRange.TryParse(address, out var source) ? [source] : null;
        return new FirewallEntry
        {
            Ports = ports,
            Sources = sources,
            Accepts = accepts,
            Conditional =
                conditional || !(accepts || denies) || (address.Length > 0 && sources is null) || (port.Length > 0 && ports is null),
            Ours = accepts && ports is not null && isOurs(new Opening(range, sources is null ? null : source)),
            Text = text,
        };
    }
}
