using Swarm.Core.Errors;
using Swarm.Core.Model;

namespace Swarm.Core.Validation;

/// <summary>The rules of a service's networks and published ports.</summary>
public static class NetworkValidation
{
    private const uint LargestPort = 65_535;

    /// <exception cref="SwarmException">InvalidPort, DuplicatePort, InvalidNetwork, DuplicateNetwork.</exception>
    public static void Validate(ServiceSpec spec)
    {
        var published = new HashSet<(uint, PortProtocol)>();
        foreach (var port in spec.Ports)
        {
            if (port.Target is 0 or > LargestPort || port.Published > LargestPort)
            {
                throw ServiceSpecValidation.Refuse(
                    "InvalidPort",
                    $"'{port}' is not a port.",
                    port.ToString(),
                    "Use ports from 1 to 65535."
                );
            }
            if (port.Published > 0 && !published.Add((port.Published, port.Protocol)))
            {
                throw ServiceSpecValidation.Refuse(
                    "DuplicatePort",
                    $"Port {port.Published}/{port.Protocol.ToString().ToLowerInvariant()} is published twice.",
                    port.ToString(),
                    "Publish each port once."
                );
            }
        }
        var networks = new HashSet<string>(StringComparer.Ordinal);
        foreach (var network in spec.Networks)
        {
            ValidateName(network);
            if (!networks.Add(network))
            {
                throw ServiceSpecValidation.Refuse(
                    "DuplicateNetwork",
                    $"Network {network} is named twice.",
                    network,
                    "Name each network once."
                );
            }
        }
    }

    /// <exception cref="SwarmException">InvalidNetwork.</exception>
    public static void ValidateName(string network)
    {
        if (network.Length == 0)
        {
            throw ServiceSpecValidation.Refuse("InvalidNetwork", "A network needs a name.", "", "Name one that Get-SwarmNetwork lists.");
        }
        if (!VisibleText.IsPlain(network))
        {
            throw ServiceSpecValidation.Refuse(
                "InvalidNetwork",
                $"'{VisibleText.OfName(network)}' is not the name of a network: it has a control character, or one that is invisible.",
                network,
                "Use letters, digits, '-', '_' and '.'."
            );
        }
    }
}
