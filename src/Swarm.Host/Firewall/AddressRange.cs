using System.Net;
using System.Net.Sockets;

namespace Swarm.Host.Firewall;

/// <summary>A source address or network of packets: 10.0.0.1, 10.0.0.0/24, fd00::/64.</summary>
public readonly record struct AddressRange
{
    private AddressRange(IPNetwork network) => Network = network;

    public IPNetwork Network { get; }

    public bool IsIPv6 => Network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;

    private bool IsHost => Network.PrefixLength == (IsIPv6 ? 128 : 32);

    public bool Contains(AddressRange other) =>
        IsIPv6 == other.IsIPv6 && Network.PrefixLength <= other.Network.PrefixLength && Network.Contains(other.Network.BaseAddress);

    public bool Overlaps(AddressRange other) => Contains(other) || other.Contains(this);

    public override string ToString() => IsHost ? Network.BaseAddress.ToString() : Network.ToString();

    /// <summary>Host bits of a network are cleared, as every firewall does.</summary>
    public static bool TryParse(string text, out AddressRange range)
    {
        range = default;
        var parts = text.Trim().Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out var address) || !IsPlain(parts[0], address))
        {
            return false;
        }
        var bits = address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;
        var length = bits;
        if (parts.Length == 2 && (!int.TryParse(parts[1], out length) || length < 0 || length > bits))
        {
            return false;
        }
        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bits; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }
        range = new AddressRange(new IPNetwork(new IPAddress(bytes), length));
        return true;
    }

    /// <summary>False for forms that firewalls read otherwise or not at all: octal and hexadecimal parts, brackets, zones.</summary>
    private static bool IsPlain(string text, IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6
            ? text.All(static c => char.IsAsciiHexDigit(c) || c is ':' or '.')
            : text == address.ToString();
}
