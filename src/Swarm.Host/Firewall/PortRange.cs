using System.Globalization;

namespace Swarm.Host.Firewall;

public enum TransportProtocol
{
    Tcp = 0,
    Udp = 1,
}

/// <summary>A port, or a range of ports, of one protocol: 2377/tcp, 8080-8090/udp.</summary>
/// <param name="First">1–65535.</param>
/// <param name="Last">Not below <paramref name="First"/>.</param>
/// <param name="Protocol">tcp or udp.</param>
public readonly record struct PortRange(int First, int Last, TransportProtocol Protocol)
{
    public PortRange(int port, TransportProtocol protocol)
        : this(port, port, protocol) { }

    public string ProtocolName => Protocol == TransportProtocol.Tcp ? "tcp" : "udp";

    /// <summary>"2377", "8080-8090".</summary>
    public string Ports => Join("-");

    public override string ToString() => $"{Ports}/{ProtocolName}";

    public string Join(string separator) =>
        First == Last
            ? First.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{First}{separator}{Last}");

    public bool Contains(PortRange other) => Protocol == other.Protocol && First <= other.First && Last >= other.Last;

    public bool Overlaps(PortRange other) => Protocol == other.Protocol && First <= other.Last && Last >= other.First;

    /// <summary>Reads 2377/tcp, 8080 (tcp), 8080-8090/udp, and 8080:8090 as ufw and iptables write ranges.</summary>
    public static bool TryParse(string text, out PortRange range)
    {
        range = default;
        var parts = text.Trim().Split('/');
        var protocol = parts.Length == 1 ? "tcp" : parts[1].ToLowerInvariant();
        if (parts.Length > 2 || protocol is not ("tcp" or "udp"))
        {
            return false;
        }
        var ends = parts[0].Split('-', ':');
        if (ends.Length > 2 || !TryPort(ends[0], out var first) || !TryPort(ends[^1], out var last) || last < first)
        {
            return false;
        }
        range = new PortRange(first, last, protocol == "tcp" ? TransportProtocol.Tcp : TransportProtocol.Udp);
        return true;
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
}
