using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Specs;

/// <summary>A network in a request to the engine.</summary>
/// <param name="Body">The body of the request.</param>
/// <param name="Id">The engine's answer; empty: none yet.</param>
internal sealed record AskedNetwork(JsonObject Body, string Id = "")
{
    /// <summary>Options that drivers add on their own, such as the overlay driver's list of VXLAN ids.</summary>
    private const string OfDrivers = "com.docker.network.driver.";

    public string NetworkName => Body.Text("Name");

    public static AskedNetwork Of(V1.CreateNetworkRequest request)
    {
        var options = Json.Object(request.Options);
        if (request.Encrypted)
        {
            // An empty value means yes. Source: libnetwork drivers/overlay.
            options["encrypted"] = "";
        }
        return new AskedNetwork(
            new JsonObject
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
            }
        );
    }

    /// <summary>True for the requested network. Properties that were left to the engine may have any value.</summary>
    /// <param name="shown">The engine's network; until the leader has set its driver, there are neither options nor subnets to
    /// compare.</param>
    public bool Is(JsonNode? shown) =>
        Id.Length > 0
            ? shown.Text("Id") == Id
            : SameInName(shown)
                && shown.Flag("Attachable") == Body.Flag("Attachable")
                && shown.Flag("Internal") == Body.Flag("Internal")
                && shown.Flag("EnableIPv6") == Body.Flag("EnableIPv6")
                && shown.Map("Labels") == Body.Map("Labels")
                && (
                    shown.Text("Driver").Length == 0
                    || (shown.Text("Driver") == Body.Text("Driver") && HasOptions(shown) && HasSubnets(shown))
                );

    public bool SameInName(JsonNode? shown) => shown.Text("Name") == NetworkName && shown.Text("Scope") == "swarm";

    private bool HasOptions(JsonNode? shown)
    {
        var asked = Body.Map("Options");
        return ValueMap.From(
                shown.Map("Options").Where(o => asked.ContainsKey(o.Key) || !o.Key.StartsWith(OfDrivers, StringComparison.Ordinal))
            ) == asked;
    }

    private bool HasSubnets(JsonNode? shown)
    {
        var there = shown.Object("IPAM").Array("Config") ?? [];
        return (Body.Object("IPAM").Array("Config") ?? []).All(asked =>
            there.Any(has => Same(asked, has, "Subnet") && Same(asked, has, "Gateway") && Same(asked, has, "IPRange"))
        );
    }

    private static bool Same(JsonNode? asked, JsonNode? has, string property) =>
        asked.Text(property) is not { Length: > 0 } text || string.Equals(text, has.Text(property), StringComparison.OrdinalIgnoreCase);

    private static JsonObject Subnet(V1.NetworkSubnet subnet)
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
}
