using System.Globalization;
using System.Net;
using Swarm.Core.Model;

namespace Swarm.DataPlane.UserSpace;

/// <summary>A published port of the node.</summary>
/// <param name="Address">The address to listen on.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="Protocol">TCP or UDP.</param>
internal readonly record struct PortKey(IPAddress Address, ushort Port, PortProtocol Protocol)
{
    public IPEndPoint EndPoint => new(Address, Port);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Port}/{(Protocol == PortProtocol.Udp ? "udp" : "tcp")}");
}
