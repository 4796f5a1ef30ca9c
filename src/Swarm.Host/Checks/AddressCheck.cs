using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Swarm.Host.Systems;

namespace Swarm.Host.Checks;

/// <summary>Checks the address by which other nodes know this host: the host must have one, and it must stay.</summary>
public static class AddressCheck
{
    private const string Name = "Address";

    /// <summary>The given address; else the source address of packets to the peer; else the host's only address.</summary>
    /// <returns>Null: the host has no address, or more than one.</returns>
    public static IPAddress? Find(IHostSystem system, string given, string? peer)
    {
        if (given.Length > 0)
        {
            return IPAddress.TryParse(given, out var parsed) ? parsed : null;
        }
        if (peer is not null)
        {
            try
            {
                using var socket = new UdpClient();
                // Connecting a UDP socket chooses the source address and sends nothing.
                socket.Connect(peer, 2377);
                return ((IPEndPoint)socket.Client.LocalEndPoint!).Address;
            }
            catch (SocketException)
            {
                return null;
            }
        }
        return system.Addresses() is [var only] ? only : null;
    }

    internal static async Task<HostCheck> RunAsync(
        IHostSystem system,
        HostCheckRequest request,
        IPAddress? address,
        CancellationToken cancellation
    )
    {
        if (address is null)
        {
            return request.Address.Length > 0
                ? HostCheck.Fail(Name, $"'{request.Address}' is not an address", "Give an address of this host with -Address.")
                : HostCheck.Warn(
                    Name,
                    $"this host has {(system.Addresses() is { Count: > 0 } many ? $"several addresses: {string.Join(", ", many)}" : "no address")}",
                    "Say which one the nodes are to use, with -Address."
                );
        }
        if (system.Find("ip") is null)
        {
            return HostCheck.Warn(Name, $"{address}; whether it is fixed cannot be told without the tool ip", Fix);
        }
        var result = await system.RunAsync(new ToolCommand("ip", "-json", "address"), cancellation);
        if (!result.Succeeded)
        {
            return HostCheck.Warn(Name, $"{address}; whether it is fixed cannot be told: {result.Reason}", Fix);
        }
        return Judge(result.Output, address, request.IsManager);
    }

    private const string Fix =
        "Give the host a fixed address, or a fixed lease of its DHCP server: the nodes know a manager by its address.";

    internal static HostCheck Judge(string json, IPAddress address, bool isManager)
    {
        using var document = JsonDocument.Parse(json);
        foreach (var link in document.RootElement.EnumerateArray().Where(static l => l.TryGetProperty("addr_info", out _)))
        {
            foreach (var info in link.GetProperty("addr_info").EnumerateArray())
            {
                if (!info.TryGetProperty("local", out var local) || local.GetString() != address.ToString())
                {
                    continue;
                }
                var name = link.GetProperty("ifname").GetString();
                if (!info.TryGetProperty("dynamic", out var dynamic) || !dynamic.GetBoolean())
                {
                    return HostCheck.Pass(Name, $"{address} on {name} is fixed");
                }
                var leased = $"{address} on {name} is leased for {info.GetProperty("valid_life_time").GetInt64()} s";
                return isManager ? HostCheck.Fail(Name, leased, Fix) : HostCheck.Warn(Name, leased, Fix);
            }
        }
        return HostCheck.Fail(
            Name,
            $"{address} is not an address of this host",
            "Give one of its own with -Address; 'ip address' lists them."
        );
    }
}
