using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Daemon.Api;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.DockerSwarm;

/// <summary>The engine's networks that a swarm's services can be attached to.</summary>
internal sealed class DockerNetworks(EngineClient engine)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Two seconds. A network that is not allocated by then is shown as it is: there may be no subnet left.</summary>
    private const int MostLooks = 40;

    /// <summary>Networks of the swarm, and the predefined ones of each node (host, bridge) that services may name too.</summary>
    public async Task<NetworkNames> NamesAsync(CancellationToken cancellation) =>
        new((await ReadAsync(cancellation)).ToDictionary(static n => n.Text("Id"), static n => n.Text("Name"), StringComparer.Ordinal));

    public async Task<Wire.Network> CreateAsync(Wire.CreateNetworkRequest request, CancellationToken cancellation)
    {
        ServiceSpecValidation.ValidateLabels(ValueMap.From(request.Labels), "network");
        var options = new JsonObject(request.Options.Select(static o => KeyValuePair.Create(o.Key, (JsonNode?)JsonValue.Create(o.Value))));
        if (request.Encrypted)
        {
            // An empty value means yes. Source: libnetwork drivers/overlay.
            options["encrypted"] = "";
        }
        var body = new JsonObject
        {
            ["Name"] = request.Name,
            ["CheckDuplicate"] = true,
            ["Driver"] = request.Driver.Length > 0 ? request.Driver : "overlay",
            ["Scope"] = "swarm",
            ["Attachable"] = request.Attachable,
            ["Internal"] = request.Internal,
            ["EnableIPv6"] = request.Ipv6,
            ["Labels"] = Json.Object(request.Labels),
            ["Options"] = options,
            ["IPAM"] = new JsonObject { ["Config"] = new JsonArray([.. request.Subnets.Select(Subnet)]) },
        };
        if ((await ReadAsync(cancellation)).Any(n => n.Text("Name") == request.Name))
        {
            // The engine itself takes a second network of the same name in a race, and then nobody can name it.
            throw new SwarmException(
                SwarmErrorKind.AlreadyExists,
                "NameConflict",
                $"network with name {request.Name} already exists",
                request.Name,
                "Choose another name, or use the existing network."
            );
        }
        try
        {
            var made = await engine.PostAsync("/networks/create", body, cancellation);
            return Show(await AllocatedAsync("/networks/" + made.Text("Id"), cancellation));
        }
        catch (EngineException e)
        {
            throw DockerErrors.From(e, request.Name);
        }
    }

    /// <summary>The leader gives a network its driver and subnet a moment after it was created; until then the engine shows none.</summary>
    private async Task<JsonNode?> AllocatedAsync(string path, CancellationToken cancellation)
    {
        for (var look = 1; ; look++)
        {
            var network = await engine.GetAsync(path, cancellation);
            if (network.Text("Driver").Length > 0 || look == MostLooks)
            {
                return network;
            }
            await Task.Delay(LookInterval, cancellation);
        }
    }

    public async IAsyncEnumerable<Wire.Network> ListAsync(
        Wire.ListNetworksRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var all = (await ReadAsync(cancellation)).Where(static n => n.Text("Scope") == "swarm").ToList();
        var names = new NetworkNames(all.ToDictionary(static n => n.Text("Id"), static n => n.Text("Name"), StringComparer.Ordinal));
        var wanted =
            request.Selectors.Count == 0
                ? all.OrderBy(static n => n.Text("Name"), StringComparer.Ordinal)
                : request.Selectors.Select(names.IdOf).Distinct().Select(id => all.First(n => n.Text("Id") == id));
        foreach (var network in wanted)
        {
            yield return Show(network);
        }
    }

    public async Task<Wire.RemoveNetworkResponse> RemoveAsync(Wire.RemoveNetworkRequest request, CancellationToken cancellation)
    {
        var id = (await NamesAsync(cancellation)).IdOf(request.Selector);
        try
        {
            await engine.DeleteAsync("/networks/" + id, cancellation);
        }
        catch (EngineException e)
        {
            throw DockerErrors.From(e, request.Selector, "network");
        }
        return new Wire.RemoveNetworkResponse();
    }

    /// <summary>Networks that services can be attached to, so also those of each node.</summary>
    private async Task<List<JsonObject>> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return [.. (await engine.GetAsync("/networks", cancellation) as JsonArray ?? []).OfType<JsonObject>()];
        }
        catch (EngineException e)
        {
            throw DockerErrors.From(e, "network");
        }
    }

    private static JsonObject Subnet(Wire.NetworkSubnet subnet)
    {
        var config = new JsonObject { ["Subnet"] = subnet.Subnet };
        if (subnet.Gateway.Length > 0)
        {
            config["Gateway"] = subnet.Gateway;
        }
        if (subnet.IpRange.Length > 0)
        {
            config["IPRange"] = subnet.IpRange;
        }
        return config;
    }

    private static Wire.Network Show(JsonNode? n)
    {
        var network = new Wire.Network
        {
            Id = n.Text("Id"),
            Name = n.Text("Name"),
            Driver = n.Text("Driver"),
            Scope = n.Text("Scope"),
            CreatedAt = ProtocolMapping.ToWire(n.Time("Created")),
            Attachable = n.Flag("Attachable"),
            Internal = n.Flag("Internal"),
            Ingress = n.Flag("Ingress"),
            Ipv6 = n.Flag("EnableIPv6"),
            Encrypted = n.Map("Options").ContainsKey("encrypted"),
        };
        network.Labels.Add(n.Map("Labels").ToDictionary());
        network.Options.Add(n.Map("Options").ToDictionary());
        foreach (var config in n.Object("IPAM").Array("Config") ?? [])
        {
            network.Subnets.Add(
                new Wire.NetworkSubnet
                {
                    Subnet = config.Text("Subnet"),
                    Gateway = config.Text("Gateway"),
                    IpRange = config.Text("IPRange"),
                }
            );
        }
        return network;
    }
}
