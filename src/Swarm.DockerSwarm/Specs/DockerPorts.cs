using System.Text.Json.Nodes;
using Swarm.Core.Model;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Published ports in Docker's words.</summary>
internal static class DockerPorts
{
    /// <param name="endpoint">An EndpointSpec, or the Endpoint that the engine made of it.</param>
    public static ValueList<PublishedPort> Read(JsonObject? endpoint) => (endpoint.Array("Ports") ?? []).Select(ReadOne).ToValueList();

    /// <summary>A port that stays keeps its name.</summary>
    public static void Change(JsonObject spec, ValueList<PublishedPort> before, ValueList<PublishedPort> after)
    {
        if (before == after)
        {
            return;
        }
        var endpoint = spec.Child("EndpointSpec");
        var known = (endpoint.Array("Ports") ?? []).OfType<JsonObject>().ToList();
        var ports = new JsonArray();
        foreach (var port in after)
        {
            ports.Add((JsonNode)(known.Find(p => ReadOne(p) == port)?.Copy() ?? Write(port)));
        }
        endpoint["Ports"] = ports;
    }

    private static PublishedPort ReadOne(JsonNode? raw) =>
        new()
        {
            Target = (uint)(raw.Number("TargetPort") ?? 0),
            Published = (uint)(raw.Number("PublishedPort") ?? 0),
            Protocol = raw.Text("Protocol") switch
            {
                "udp" => PortProtocol.Udp,
                "sctp" => PortProtocol.Sctp,
                _ => PortProtocol.Tcp,
            },
            Mode = raw.Text("PublishMode") == "host" ? PublishMode.Host : PublishMode.Ingress,
        };

    private static JsonObject Write(PublishedPort port)
    {
        var written = new JsonObject
        {
            ["Protocol"] = port.Protocol.ToString().ToLowerInvariant(),
            ["TargetPort"] = port.Target,
            ["PublishMode"] = port.Mode == PublishMode.Host ? "host" : "ingress",
        };
        if (port.Published > 0)
        {
            written["PublishedPort"] = port.Published;
        }
        return written;
    }
}
