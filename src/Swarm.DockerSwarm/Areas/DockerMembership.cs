using System.Text.Json.Nodes;
using Grpc.Core;
using Swarm.Control.Addresses;
using Swarm.Control.Errors;
using Swarm.Control.Objects;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.DockerSwarm.Mirror;
using Swarm.DockerSwarm.Plane;
using Swarm.DockerSwarm.Specs;
using Swarm.DockerSwarm.Writes;
using Swarm.Engine;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Areas;

/// <summary>The engine's way into its swarm and out of it, and the retries of those who ask for it.</summary>
internal sealed class DockerMembership(
    EngineSwarm engine,
    DockerMirror mirror,
    DockerClusters clusters,
    DockerPlaneOptions options,
    TimeProvider time
) : V1.Membership.MembershipBase
{
    private readonly SwarmEntry _entry = new(time);
    private readonly RequestsUnderWay<V1.InitSwarmResponse> _inits = new();
    private readonly RequestsUnderWay<V1.JoinSwarmResponse> _joins = new();

    public override Task<V1.InitSwarmResponse> InitSwarm(V1.InitSwarmRequest request, ServerCallContext context) =>
        _inits.RunAsync(request.RequestId, () => BeginSwarmAsync(request, context.CancellationToken), context.CancellationToken);

    public override Task<V1.JoinSwarmResponse> JoinSwarm(V1.JoinSwarmRequest request, ServerCallContext context) =>
        _joins.RunAsync(request.RequestId, () => EnterSwarmAsync(request, context.CancellationToken), context.CancellationToken);

    public override async Task<V1.LeaveSwarmResponse> LeaveSwarm(V1.LeaveSwarmRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        await engine.ChangeMembershipAsync("/swarm/leave" + (request.Force ? "?force=true" : ""), null, options.Hostname, cancellation);
        return new V1.LeaveSwarmResponse();
    }

    public override async Task<V1.UnlockSwarmResponse> UnlockSwarm(V1.UnlockSwarmRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        await engine.ChangeMembershipAsync("/swarm/unlock", new JsonObject { ["UnlockKey"] = request.UnlockKey }, "", cancellation);
        return new V1.UnlockSwarmResponse();
    }

    private async Task<V1.InitSwarmResponse> BeginSwarmAsync(V1.InitSwarmRequest request, CancellationToken cancellation)
    {
        var settings = ClusterSettingsMapping.Apply(DockerClusterSettings.Read(null), request.Settings);
        var spec = new JsonObject();
        DockerClusterSettings.Change(spec, DockerClusterSettings.Read(null), settings);
        var body = new JsonObject
        {
            ["ListenAddr"] = request.ListenAddress.Length > 0 ? request.ListenAddress : $"0.0.0.0:{HostAddress.ClusterPort}",
            ["AdvertiseAddr"] = Advertised(request.AdvertiseAddress),
            ["ForceNewCluster"] = request.ForceNewCluster,
            ["AutoLockManagers"] = settings.Autolock,
            ["Availability"] = AvailabilityText(request.Availability),
            ["Spec"] = spec,
        };
        await EnterAsync(request.RequestId, "/swarm/init", body, request.AdvertiseAddress, cancellation);
        await mirror.RefreshAsync(cancellation);
        var info = await engine.OwnPartAsync(cancellation);
        return new V1.InitSwarmResponse
        {
            NodeId = info.Text("NodeID"),
            ClusterId = info.Object("Cluster").Text("ID"),
            Tokens = await clusters.ReadTokensAsync(cancellation),
            UnlockKey = settings.Autolock ? (await clusters.ReadUnlockKeyAsync(cancellation)).UnlockKey_ : "",
        };
    }

    private async Task<V1.JoinSwarmResponse> EnterSwarmAsync(V1.JoinSwarmRequest request, CancellationToken cancellation)
    {
        if (request.RemoteAddresses.Count == 0)
        {
            throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "InvalidRemoteAddress",
                "No address of a manager was given.",
                action: "Give one with -RemoteAddress HOST[:PORT]; Get-SwarmJoinToken shows it on a manager."
            );
        }
        string[] remotes = [.. request.RemoteAddresses.Select(EngineSwarm.WithPort)];
        var body = new JsonObject
        {
            ["ListenAddr"] = request.ListenAddress.Length > 0 ? request.ListenAddress : $"0.0.0.0:{HostAddress.ClusterPort}",
            ["AdvertiseAddr"] = Advertised(request.AdvertiseAddress),
            ["RemoteAddrs"] = Json.Array(remotes),
            ["JoinToken"] = request.Token,
            ["Availability"] = AvailabilityText(request.Availability),
        };
        await EnterAsync(
            request.RequestId,
            "/swarm/join",
            body,
            string.Join(", ", request.RemoteAddresses),
            cancellation,
            (e, refusal) => NameClosedPortsAsync(remotes, e, refusal, cancellation)
        );
        var info = await engine.OwnPartAsync(cancellation);
        return new V1.JoinSwarmResponse
        {
            NodeId = info.Text("NodeID"),
            ClusterId = info.Object("Cluster").Text("ID"),
            Role = info.Flag("ControlAvailable") ? V1.NodeRole.Manager : V1.NodeRole.Worker,
        };
    }

    /// <summary>The engine does not say which address it did not get through to, nor why: they are tried from here.</summary>
    private async Task<SwarmException> NameClosedPortsAsync(
        IReadOnlyList<string> remotes,
        EngineException e,
        SwarmException refusal,
        CancellationToken cancellation
    )
    {
        if (!DockerErrors.MeansNoConnection(e))
        {
            return refusal;
        }
        var tried = await Task.WhenAll(remotes.Select(r => ProbeAsync(r, cancellation)));
        var closed = tried.Where(static t => t.Reason.Length > 0).ToList();
        if (closed.Count == remotes.Count)
        {
            return MembershipErrors.ManagerUnreachable(
                closed,
                "an engine",
                DockerErrors.GoesOnTrying(e) ? " The engine goes on trying: Get-Swarm shows how it stands, Exit-Swarm -Force gives up." : ""
            );
        }
        return closed.Count == 0
            ? refusal
            : new SwarmException(
                refusal.Kind,
                refusal.ErrorId,
                $"{refusal.Message.TrimEnd('.')} ({string.Join("; ", closed.Select(static c => c.Reason))}).",
                refusal.Target,
                refusal.Action
            );
    }

    /// <returns>Why nothing came of it; empty when the port answers, or when it is no address that could be tried.</returns>
    private async Task<(string Address, string Reason)> ProbeAsync(string remote, CancellationToken cancellation)
    {
        if (!HostAddress.TryParse(remote, HostAddress.ClusterPort, out var address))
        {
            return (remote, "");
        }
        var probe = new V1.HostCommand { Probe = new V1.ProbeCommand { Tcp = { address.ToString() } } };
        var answer = await options.HostCommands(probe, cancellation);
        return answer.Probes is [var result, ..] && result.Outcome != "open"
            ? (remote, MembershipErrors.DoesNotAnswer(remote, result.Detail))
            : (remote, "");
    }

    /// <summary>Returns when the engine is in the swarm, by this request or by an earlier one of the same id.</summary>
    /// <inheritdoc cref="EngineSwarm.ChangeMembershipAsync"/>
    private async Task EnterAsync(
        string requestId,
        string path,
        JsonNode body,
        string target,
        CancellationToken cancellation,
        Func<EngineException, SwarmException, Task<SwarmException>>? explain = null
    )
    {
        var state = (await engine.OwnPartAsync(cancellation)).Text("LocalNodeState");
        if (_entry.IsBy(requestId))
        {
            switch (state)
            {
                case "active":
                    return;
                case "pending":
                    throw MembershipErrors.Starting("the engine is still on its way into the swarm.");
                case "locked":
                    throw MembershipErrors.Locked();
            }
        }
        if (state == "inactive")
        {
            // Of an engine that is in a swarm already, nobody could say afterwards how it came there.
            _entry.Set(requestId);
        }
        try
        {
            await engine.ChangeMembershipAsync(path, body, target, cancellation, explain);
        }
        catch (SwarmException e) when (e.ErrorId is not ("EngineUnavailable" or "NoLeader" or "ManagerUnreachable"))
        {
            // Of these three the engine may go on with it.
            _entry.Remove(requestId);
            throw;
        }
        _entry.Set(requestId);
    }

    private string Advertised(string asked) => asked.Length > 0 ? asked : options.Advertise?.ToString() ?? "";

    private static string AvailabilityText(V1.NodeAvailability availability) =>
        ProtocolMapping.FromWire(availability) switch
        {
            NodeAvailability.Pause => "pause",
            NodeAvailability.Drain => "drain",
            _ => "active",
        };
}
