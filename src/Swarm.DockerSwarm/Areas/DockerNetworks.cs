using System.Text.Json.Nodes;
using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Validation;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Specs;
using Swarm.DockerSwarm.Writes;
using Swarm.Engine;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Areas;

/// <summary>The engine's networks that a swarm's services can be attached to.</summary>
internal sealed class DockerNetworks(EngineClient engine, DockerMirror mirror, DockerCalls calls, TimeProvider time)
    : V1.Networks.NetworksBase
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Polls for two seconds. A network that is not allocated by then is returned as it is: there may be no subnet left.</summary>
    private const int MostLooks = 40;

    private readonly RequestsUnderWay<V1.Network> _creating = new();
    private readonly RequestsUnderWay<V1.RemoveNetworkResponse> _removing = new();
    private readonly SentRequests<AskedNetwork> _created = new(time);

    /// <summary>Ids.</summary>
    private readonly SentRequests<string> _removed = new(time);

    /// <summary>Networks of the swarm, and the predefined ones of each node (host, bridge) that services may name too.</summary>
    public async Task<NetworkNames> NamesAsync(CancellationToken cancellation) =>
        new((await ReadAsync(cancellation)).ToDictionary(static n => n.Text("Id"), static n => n.Text("Name"), StringComparer.Ordinal));

    public override async Task<V1.Network> CreateNetwork(V1.CreateNetworkRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        await calls.BeginAsync(context);
        NetworkValidation.ValidateName(request.Name);
        ServiceSpecValidation.ValidateLabels(ValueMap.From(request.Labels), "network");
        return await _creating.RunAsync(request.RequestId, () => MakeAsync(request, cancellation), cancellation);
    }

    public override async Task<V1.RemoveNetworkResponse> RemoveNetwork(V1.RemoveNetworkRequest request, ServerCallContext context)
    {
        await calls.BeginAsync(context);
        return await _removing.RunAsync(
            request.RequestId,
            () => TakeAwayAsync(request, context.CancellationToken),
            context.CancellationToken
        );
    }

    private async Task<V1.Network> MakeAsync(V1.CreateNetworkRequest request, CancellationToken cancellation)
    {
        var networks = await ReadAsync(cancellation);
        if (_created.Find(request.RequestId) is { } before && await FindAsync(networks, before, cancellation) is { } there)
        {
            return Show(there);
        }
        var asked = AskedNetwork.Of(request);
        if (networks.Exists(n => n.Text("Name") == asked.NetworkName))
        {
            // In a race, the engine itself accepts a second network of the same name, and then nobody can name it.
            throw new SwarmException(
                SwarmErrorKind.AlreadyExists,
                "NameConflict",
                $"network with name {request.Name} already exists",
                request.Name,
                "Choose another name, or use the existing network."
            );
        }
        _created.Add(request.RequestId, asked);
        try
        {
            var made = await engine.PostAsync("/networks/create", asked.Body, cancellation);
            _created.Add(request.RequestId, asked with { Id = made.Text("Id") });
            return Show(await AllocatedAsync(made.Text("Id"), cancellation));
        }
        catch (EngineException e)
        {
            throw Refused(DockerErrors.From(e, request.Name), _created, request.RequestId);
        }
    }

    /// <returns>The network of an earlier request; null: none matches.</returns>
    private async Task<JsonNode?> FindAsync(List<JsonObject> networks, AskedNetwork asked, CancellationToken cancellation)
    {
        try
        {
            foreach (var network in networks.Where(n => asked.Id.Length > 0 ? asked.Is(n) : asked.SameInName(n)))
            {
                var allocated = await AllocatedAsync(network.Text("Id"), cancellation);
                if (asked.Is(allocated))
                {
                    return allocated;
                }
            }
            return null;
        }
        catch (EngineException e)
        {
            throw DockerErrors.From(e, asked.NetworkName, "network");
        }
    }

    private async Task<V1.RemoveNetworkResponse> TakeAwayAsync(V1.RemoveNetworkRequest request, CancellationToken cancellation)
    {
        var names = await NamesAsync(cancellation);
        var before = _removed.Find(request.RequestId);
        if (before is not null && !names.Contains(before))
        {
            return new V1.RemoveNetworkResponse();
        }
        var id = before ?? names.IdOf(request.Selector);
        _removed.Add(request.RequestId, id);
        try
        {
            await engine.DeleteAsync("/networks/" + id, cancellation);
        }
        catch (EngineException e)
        {
            throw Refused(NotRemoved(e, request.Selector, id, names), _removed, request.RequestId);
        }
        return new V1.RemoveNetworkResponse();
    }

    /// <summary>The engine's refusal to remove a network. SwarmKit writes the id of one service that uses it: here are the names of all.</summary>
    private SwarmException NotRemoved(EngineException e, string target, string id, NetworkNames names) =>
        mirror.Store.Read(state =>
        {
            var refusal = DockerErrors.From(e, target, "network", message => ReadableIds.In(message, state, names));
            var users = state
                .Services.Where(s => s.Spec.Networks.Contains(id))
                .Select(static s => s.Spec.Name)
                .Order(StringComparer.Ordinal)
                .ToList();
            var name = names.NameOf(id) ?? target;
            return refusal.ErrorId != "NetworkInUse" || users.Count == 0
                ? refusal
                : new SwarmException(
                    SwarmErrorKind.FailedPrecondition,
                    refusal.ErrorId,
                    $"network {name} is in use by service{(users.Count > 1 ? "s" : "")} {string.Join(", ", users)}",
                    target,
                    $"Remove what uses it first, or take it away: Set-SwarmService {users[0]} -RemoveNetwork {name}."
                );
        });

    /// <summary>Drops the record of a refused request. A proposal to managers that then lost each other may still be committed, so it is
    /// kept.</summary>
    private static SwarmException Refused<T>(SwarmException refusal, SentRequests<T> sent, string requestId)
        where T : class
    {
        if (refusal.ErrorId != "NoLeader")
        {
            sent.Remove(requestId);
        }
        return refusal;
    }

    /// <summary>The leader sets a network's driver and subnet a moment after the creation; until then the engine shows none.</summary>
    private async Task<JsonNode?> AllocatedAsync(string id, CancellationToken cancellation)
    {
        for (var look = 1; ; look++)
        {
            var network = await engine.GetAsync("/networks/" + id, cancellation);
            if (network.Text("Driver").Length > 0 || look == MostLooks)
            {
                return network;
            }
            await Task.Delay(LookInterval, cancellation);
        }
    }

    public override async Task ListNetworks(
        V1.ListNetworksRequest request,
        IServerStreamWriter<V1.Network> responseStream,
        ServerCallContext context
    )
    {
        await calls.BeginListAsync(context);
        var all = (await ReadAsync(context.CancellationToken)).Where(static n => n.Text("Scope") == "swarm").ToList();
        var names = new NetworkNames(all.ToDictionary(static n => n.Text("Id"), static n => n.Text("Name"), StringComparer.Ordinal));
        var wanted =
            request.Selectors.Count == 0
                ? all.OrderBy(static n => n.Text("Name"), StringComparer.Ordinal)
                : request.Selectors.Select(names.IdOf).Distinct().Select(id => all.First(n => n.Text("Id") == id));
        foreach (var network in wanted)
        {
            await responseStream.SendAsync(Show(network), context);
        }
    }

    /// <summary>Networks that services can be attached to, including each node's own.</summary>
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

    private static V1.Network Show(JsonNode? n)
    {
        var network = new V1.Network
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
                new V1.NetworkSubnet
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
