using System.Globalization;
using System.Net;

namespace Swarm.Consensus;

/// <summary>Converts cluster addresses from text (host:port) to socket endpoints.</summary>
public static class ClusterAddress
{
    /// <exception cref="FormatException">The text is not host:port with a port from 1 to 65535.</exception>
    public static EndPoint Parse(string address)
    {
        var colon = address.LastIndexOf(':');
        if (
            colon > 0
            && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port > 0
        )
        {
            var host = address[..colon];
            if (IPAddress.TryParse(host.TrimStart('[').TrimEnd(']'), out var ip))
            {
                return new IPEndPoint(ip, port);
            }
            if (Uri.CheckHostName(host) == UriHostNameType.Dns)
            {
                return new DnsEndPoint(host, port);
            }
        }
        throw new FormatException($"'{address}' is not a cluster address. Write host:port, for example 10.0.0.1:2377.");
    }

    public static string Format(EndPoint address) =>
        address switch
        {
            DnsEndPoint dns => $"{dns.Host}:{dns.Port.ToString(CultureInfo.InvariantCulture)}",
            _ => address.ToString()!,
        };
}
