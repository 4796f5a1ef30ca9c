using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Swarm.Core.Model;

namespace Swarm.Control.Addresses;

/// <summary>A host (IP address, host name or name of a network interface) and a port.</summary>
/// <param name="Host">IPv6 without brackets.</param>
/// <param name="Port">1 to 65535; 0 only where the system may choose one.</param>
public sealed record HostAddress(string Host, int Port)
{
    /// <summary>The swarm's only port.</summary>
    public const int ClusterPort = 2377;

    /// <summary>The port for remote sessions of a swarmd whose engine uses the swarm's port.</summary>
    public const int DockerPlanePort = 2378;

    public IPAddress? IpAddress =>
        IPAddress.TryParse(Host, out var ip) && (ip.AddressFamily == AddressFamily.InterNetworkV6 || Host.Count(static c => c == '.') == 3)
            ? ip
            : null;

    /// <summary>False for an IP address in a form that other programs read as another one: 010.0.0.5, 0xA.0.0.5.</summary>
    public bool IsPlain => IpAddress is not { AddressFamily: AddressFamily.InterNetwork } || IpText.TryParse(Host, out _);

    /// <summary>0.0.0.0 or [::]: every address of the machine.</summary>
    public bool IsWildcard => IpAddress is { } ip && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));

    /// <summary>True unless it can only be a DNS name: it has dots but is no IP address.</summary>
    public bool IsIpOrInterfaceName => IpAddress is not null || (!Host.Contains('.', StringComparison.Ordinal) && Host.Length <= 64);

    /// <summary>Reads <c>HOST[:PORT]</c>; IPv6 with a port is <c>[::1]:2377</c>.</summary>
    public static bool TryParse(string? text, int defaultPort, [NotNullWhen(true)] out HostAddress? address)
    {
        address = null;
        text = text?.Trim() ?? "";
        var host = text;
        var port = "";
        if (text.StartsWith('['))
        {
            var close = text.IndexOf(']', StringComparison.Ordinal);
            if (close < 0 || (close + 1 < text.Length && text[close + 1] != ':'))
            {
                return false;
            }
            host = text[1..close];
            port = close + 1 < text.Length ? text[(close + 1)..] : "";
            if (!IPAddress.TryParse(host, out var inner) || inner.AddressFamily != AddressFamily.InterNetworkV6)
            {
                return false;
            }
        }
        else if (text.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0)
        {
            if (colon == text.LastIndexOf(':'))
            {
                host = text[..colon];
                port = text[colon..];
            }
            else if (!IPAddress.TryParse(text, out _))
            {
                return false;
            }
        }
        if (!IsHost(host))
        {
            return false;
        }
        if (port.Length == 0)
        {
            address = new HostAddress(host, defaultPort);
            return true;
        }
        if (!int.TryParse(port.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
        {
            return false;
        }
        address = new HostAddress(host, number);
        return true;
    }

    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal)
            ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    private static bool IsHost(string host)
    {
        if (host.Length is 0 or > 253)
        {
            return false;
        }
        if (host.Contains(':', StringComparison.Ordinal))
        {
            return IPAddress.TryParse(host, out _);
        }
        // Only digits and dots: an IPv4 address or a mistake, never a name.
        if (host.All(static c => char.IsAsciiDigit(c) || c == '.'))
        {
            return host.Count(static c => c == '.') == 3 && IPAddress.TryParse(host, out _);
        }
        return host.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
    }
}
