using System.Text.RegularExpressions;

namespace Swarm.Cmdlets.Parameters;

/// <summary>Reads Docker's [ADDRESS:]PUBLISHED[:TARGET][/PROTOCOL] and keeps the published part, which a firewall filters: 80:8080/tcp is
/// 80/tcp.</summary>
internal sealed partial class PublishedPortsAttribute : TransformAttribute
{
    [GeneratedRegex(
        @"^(?:(?:\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:]+\]):)?(?<port>\d+(?:-\d+)?)(?::\d+(?:-\d+)?)?(?:/(?<protocol>tcp|udp))?$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Pattern { get; }

    protected override bool IsList => true;

    protected override object? Empty(object? value) => Array.Empty<string>();

    protected override object? Convert(object? value, object? original) => Each(value).Select(v => Parse(Text(v))).ToArray();

    internal static string Parse(string text)
    {
        var match = Pattern.Match(text.Trim());
        var protocol = match.Groups["protocol"] is { Success: true } p ? p.Value.ToLowerInvariant() : "tcp";
        return match.Success && Swarm.Host.Firewall.PortRange.TryParse($"{match.Groups["port"].Value}/{protocol}", out var range)
            ? range.ToString()
            : throw new FormatException($"'{text}' is not a port. Write it like 8080, 80:8080/tcp, 9000-9010/udp or 127.0.0.1:80:80.");
    }
}
