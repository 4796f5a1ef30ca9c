using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Swarm.Core.Model;

/// <summary>Reads IP addresses in the forms that every program reads alike: <c>10.0.0.5</c>, <c>2001:db8::5</c>, <c>::ffff:10.0.0.5</c>.</summary>
/// <remarks><see cref="IPAddress"/> also reads octal and hexadecimal parts, brackets and zones: it takes 010.0.0.5 for 8.0.0.5. Docker refuses all of
/// them. Source: Go's net.ParseIP.</remarks>
public static class IpText
{
    /// <summary>Reads an address.</summary>
    /// <param name="text">The address, without port, prefix length and space around it.</param>
    /// <param name="address">The address; an IPv4 address in IPv6 form stays as it is.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!IPAddress.TryParse(text, out address))
        {
            return false;
        }
        if (address.AddressFamily == AddressFamily.InterNetwork ? IsPlain(text, address) : IsPlainIPv6(text))
        {
            return true;
        }
        address = null;
        return false;
    }

    private static bool IsPlainIPv6(string text)
    {
        if (!text.All(static c => char.IsAsciiHexDigit(c) || c is ':' or '.'))
        {
            return false;
        }
        var inner = text[(text.LastIndexOf(':') + 1)..];
        return !inner.Contains('.', StringComparison.Ordinal) || (IPAddress.TryParse(inner, out var four) && IsPlain(inner, four));
    }

    /// <summary>An IPv4 address has one plain form: four decimal numbers without leading zeros.</summary>
    private static bool IsPlain(string text, IPAddress address) => text == address.ToString();
}
