using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Swarm.Core.Errors;

namespace Swarm.Control.Addresses;

/// <summary>An address of this machine and the interface that has it.</summary>
public sealed record LocalAddress(string Interface, IPAddress Address);

/// <summary>Chooses the listening address of this node, and the address by which others reach it.</summary>
public static class AdvertiseAddress
{
    /// <summary>This machine's addresses that another machine may reach.</summary>
    public static IReadOnlyList<LocalAddress> LocalAddresses() =>
        [
            .. NetworkInterface
                .GetAllNetworkInterfaces()
                .Where(static i => i.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
                .SelectMany(static i => i.GetIPProperties().UnicastAddresses.Select(a => new LocalAddress(i.Name, a.Address))),
        ];

    /// <summary>The address to listen on: an interface name is replaced by its address.</summary>
    /// <param name="asked">The request's value, <c>ADDRESS[:PORT]</c>; empty: <paramref name="configured"/>.</param>
    /// <param name="configured">The configuration's value.</param>
    /// <param name="local">This machine's addresses.</param>
    /// <exception cref="SwarmException">InvalidListenAddress.</exception>
    public static HostAddress ResolveListen(string asked, HostAddress configured, IReadOnlyList<LocalAddress> local) =>
        Resolve(asked, configured, local, configured.Port, "InvalidListenAddress", "-ListenAddress") ?? configured;

    /// <summary>The address by which others reach this node: the requested or configured one, else the listening address, else the
    /// machine's only one.</summary>
    /// <param name="asked">The request's value, <c>ADDRESS[:PORT]</c>; the port defaults to the listening port.</param>
    /// <param name="configured">The configuration's value.</param>
    /// <param name="listen">The listening address.</param>
    /// <param name="local">This machine's addresses.</param>
    /// <exception cref="SwarmException">InvalidAdvertiseAddress, AdvertiseAddressAmbiguous, NoAdvertiseAddress.</exception>
    public static HostAddress ResolveAdvertise(string asked, HostAddress? configured, HostAddress listen, IReadOnlyList<LocalAddress> local)
    {
        const string Parameter = "-AdvertiseAddress";
        if (Resolve(asked, configured, local, listen.Port, "InvalidAdvertiseAddress", Parameter) is { } given)
        {
            return given.IsWildcard
                ? throw new SwarmException(
                    SwarmErrorKind.InvalidArgument,
                    "InvalidAdvertiseAddress",
                    "advertise address must be a non-zero IP address or network interface (with optional port number)",
                    given.ToString(),
                    $"Give the address at which the other nodes reach this one: {Parameter} {Suggest(local)}."
                )
                : given;
        }
        if (!listen.IsWildcard)
        {
            return listen;
        }
        var candidates = Candidates(local);
        return candidates.Count switch
        {
            1 => new HostAddress(candidates[0].Address.ToString(), listen.Port),
            0 => throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "NoAdvertiseAddress",
                "could not find the system's IP address: no network interface that is up has one",
                action: $"Specify one with {Parameter} ADDRESS (127.0.0.1 for a swarm on this machine only)."
            ),
            _ => throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "AdvertiseAddressAmbiguous",
                "could not choose an IP address to advertise since this system has multiple addresses: "
                    + string.Join(", ", candidates.Select(static c => $"{c.Address} on {c.Interface}")),
                action: $"Specify one with {Parameter}, e.g. {Parameter} {candidates[0].Address}."
            ),
        };
    }

    /// <summary>The choices of a node without explicit address: IPv4, or IPv6 when there is no IPv4; no loopback, no link-local, no
    /// engine's bridge.</summary>
    public static IReadOnlyList<LocalAddress> Candidates(IReadOnlyList<LocalAddress> local)
    {
        var usable = local.Where(static l => !IPAddress.IsLoopback(l.Address) && !IsEngines(l.Interface)).ToList();
        var four = usable.Where(static l => l.Address.AddressFamily == AddressFamily.InterNetwork && !IsLinkLocal(l.Address)).ToList();
        return four.Count > 0
            ? four
            :
            [
                .. usable.Where(static l =>
                    l.Address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv6LinkLocal: false, IsIPv6Multicast: false }
                ),
            ];
    }

    private static HostAddress? Resolve(
        string asked,
        HostAddress? configured,
        IReadOnlyList<LocalAddress> local,
        int defaultPort,
        string errorId,
        string parameter
    )
    {
        var address = configured;
        if (asked.Trim().Length > 0 && !(HostAddress.TryParse(asked, defaultPort, out address) && address.IsPlain))
        {
            throw Invalid($"'{asked}' is not an address: it must be an IP address or network interface (with optional port number)", asked);
        }
        if (address is null || address.IpAddress is not null)
        {
            return address;
        }
        var ofInterface = local.Where(l => l.Interface == address.Host).ToList();
        if (ofInterface.Count == 0)
        {
            throw Invalid($"'{address.Host}' is neither an IP address nor a network interface of this machine", address.Host);
        }
        var four = ofInterface.Where(static l => l.Address.AddressFamily == AddressFamily.InterNetwork).ToList();
        var chosen = four.Count > 0 ? four : [.. ofInterface.Where(static l => !l.Address.IsIPv6LinkLocal)];
        return chosen.Count == 1
            ? address with
            {
                Host = chosen[0].Address.ToString(),
            }
            : throw Invalid(
                $"interface {address.Host} has {chosen.Count} addresses ({string.Join(", ", chosen.Select(static c => c.Address))})",
                address.Host
            );

        SwarmException Invalid(string message, string target) =>
            new(
                SwarmErrorKind.InvalidArgument,
                errorId,
                message,
                target,
                $"Write {parameter} ADDRESS[:PORT], e.g. {parameter} {Suggest(local)}."
            );
    }

    private static string Suggest(IReadOnlyList<LocalAddress> local) =>
        (Candidates(local) is [var first, ..] ? first.Address : IPAddress.Loopback) + ":2377";

    private static bool IsLinkLocal(IPAddress address) => address.GetAddressBytes() is [169, 254, ..];

    /// <summary>Bridges and interface pairs of a container engine: their addresses are the same on every machine.</summary>
    private static bool IsEngines(string name) =>
        name is "docker0" or "docker_gwbridge" or "podman0" or "cni0"
        || name.StartsWith("veth", StringComparison.Ordinal)
        || (name.StartsWith("br-", StringComparison.Ordinal) && name.Length == 15);
}
