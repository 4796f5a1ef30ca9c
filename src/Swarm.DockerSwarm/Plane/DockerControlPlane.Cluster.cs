using System.Globalization;
using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Swarm.Control.Addresses;
using Swarm.Control.Errors;
using Swarm.Control.Objects;
using Swarm.Control.Planes;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;
using Swarm.Security.Certificates;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Plane;

// The swarm itself: membership, tokens, keys and settings, which are the engine's.
public sealed partial class DockerControlPlane
{
    /// <summary>The engine gives up joining after 20 s.</summary>
    private static readonly TimeSpan MembershipDeadline = TimeSpan.FromSeconds(40);

    /// <summary>Each failed attempt lost to another writer; more than this is no coincidence.</summary>
    private const int MostTries = 8;

    public async Task<V1.DaemonInfo> GetDaemonAsync(CancellationToken cancellation)
    {
        var daemon = new V1.DaemonInfo
        {
            Version = SwarmdVersion.Text,
            Hostname = options.Hostname,
            Executor = "Docker",
            Pid = Environment.ProcessId,
            StartedAt = Timestamp.FromDateTimeOffset(_startedAt),
            ControlPlane = Name,
        };
        JsonObject? swarm;
        try
        {
            var info = await engine.GetAsync("/info", cancellation);
            daemon.Hostname = info.Text("Name") is { Length: > 0 } name ? name : daemon.Hostname;
            swarm = info.Object("Swarm");
        }
        catch (Exception e) when (e is SwarmException or EngineException)
        {
            // The daemon runs, and reports the error.
            daemon.State = V1.LocalNodeState.Error;
            daemon.StateMessage = e.Message;
            return daemon;
        }
        daemon.State = swarm.Text("LocalNodeState") switch
        {
            "active" => V1.LocalNodeState.Active,
            "pending" => V1.LocalNodeState.Pending,
            "locked" => V1.LocalNodeState.Locked,
            "error" => V1.LocalNodeState.Error,
            _ => V1.LocalNodeState.Inactive,
        };
        daemon.StateMessage = swarm.Text("Error");
        daemon.NodeId = swarm.Text("NodeID");
        daemon.ClusterId = swarm.Object("Cluster").Text("ID");
        daemon.IsManager = swarm.Flag("ControlAvailable");
        daemon.NodeAddress = swarm.Text("NodeAddr");
        daemon.ManagerAddresses.Add(ManagerAddresses(swarm));
        return daemon;
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
        var info = (await AskAsync("/info", cancellation)).Object("Swarm");
        return new V1.InitSwarmResponse
        {
            NodeId = info.Text("NodeID"),
            ClusterId = info.Object("Cluster").Text("ID"),
            Tokens = await GetJoinTokensAsync(cancellation),
            UnlockKey = settings.Autolock ? (await GetUnlockKeyAsync(cancellation)).UnlockKey_ : "",
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
        string[] remotes = [.. request.RemoteAddresses.Select(WithPort)];
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
        var info = (await AskAsync("/info", cancellation)).Object("Swarm");
        return new V1.JoinSwarmResponse
        {
            NodeId = info.Text("NodeID"),
            ClusterId = info.Object("Cluster").Text("ID"),
            Role = info.Flag("ControlAvailable") ? V1.NodeRole.Manager : V1.NodeRole.Worker,
        };
    }

    /// <summary>The engine names neither the address that it did not reach nor the reason, so the addresses are tried from here.</summary>
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

    /// <returns>The reason of the failure; empty when the port answers, or when the text is no address that could be tried.</returns>
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

    public async Task<V1.LeaveSwarmResponse> LeaveSwarmAsync(V1.LeaveSwarmRequest request, CancellationToken cancellation)
    {
        await ChangeMembershipAsync("/swarm/leave" + (request.Force ? "?force=true" : ""), null, options.Hostname, cancellation);
        return new V1.LeaveSwarmResponse();
    }

    public async Task<V1.UnlockSwarmResponse> UnlockSwarmAsync(V1.UnlockSwarmRequest request, CancellationToken cancellation)
    {
        await ChangeMembershipAsync("/swarm/unlock", new JsonObject { ["UnlockKey"] = request.UnlockKey }, "", cancellation);
        return new V1.UnlockSwarmResponse();
    }

    public async Task<V1.Cluster> GetClusterAsync(CancellationToken cancellation)
    {
        await mirror.RefreshAsync(cancellation);
        var swarm = (await AskAsync("/info", cancellation)).Object("Swarm");
        return Show(await ReadSwarmAsync(cancellation), swarm);
    }

    public async Task<V1.Cluster> UpdateClusterAsync(V1.UpdateClusterRequest request, CancellationToken cancellation)
    {
        await ChangeSwarmAsync(
            "",
            swarm =>
            {
                var version = DockerObjects.VersionOf(swarm);
                if (request.Version != 0 && request.Version != version)
                {
                    throw new SwarmException(
                        SwarmErrorKind.FailedPrecondition,
                        "VersionConflict",
                        $"The swarm was changed by somebody else since it was read (version {request.Version}, now {version}).",
                        swarm.Text("ID"),
                        "Read it again with Get-Swarm and repeat the change."
                    );
                }
                var spec = (swarm.Object("Spec") ?? []).Copy();
                var before = DockerClusterSettings.Read(spec);
                DockerClusterSettings.Change(spec, before, ClusterSettingsMapping.Apply(before, request.Settings));
                return spec;
            },
            cancellation
        );
        return await GetClusterAsync(cancellation);
    }

    public async Task<V1.JoinTokens> GetJoinTokensAsync(CancellationToken cancellation)
    {
        var swarm = await ReadSwarmAsync(cancellation);
        var info = (await AskAsync("/info", cancellation)).Object("Swarm");
        return new V1.JoinTokens
        {
            Worker = swarm.Object("JoinTokens").Text("Worker"),
            Manager = swarm.Object("JoinTokens").Text("Manager"),
            ManagerAddress = OwnAddress(info),
        };
    }

    public async Task<V1.JoinTokens> RotateJoinTokenAsync(V1.RotateJoinTokenRequest request, CancellationToken cancellation)
    {
        var role = ProtocolMapping.FromWire(request.Role) == NodeRole.Manager ? "Manager" : "Worker";
        await ChangeSwarmAsync($"&rotate{role}Token=true", static swarm => (swarm.Object("Spec") ?? []).Copy(), cancellation);
        return await GetJoinTokensAsync(cancellation);
    }

    public async Task<V1.UnlockKey> GetUnlockKeyAsync(CancellationToken cancellation) =>
        new() { UnlockKey_ = (await AskAsync("/swarm/unlockkey", cancellation)).Text("UnlockKey") };

    public async Task<V1.UnlockKey> RotateUnlockKeyAsync(V1.RotateUnlockKeyRequest request, CancellationToken cancellation)
    {
        await ChangeSwarmAsync(
            "&rotateManagerUnlockKey=true",
            static swarm =>
                DockerClusterSettings.Read(swarm.Object("Spec")).Autolock
                    ? (swarm.Object("Spec") ?? []).Copy()
                    : throw new SwarmException(
                        SwarmErrorKind.FailedPrecondition,
                        "AutolockNotEnabled",
                        "The unlock key cannot be rotated: autolock is not enabled.",
                        swarm.Text("ID"),
                        "Enable it with Set-Swarm -Autolock."
                    ),
            cancellation
        );
        return await GetUnlockKeyAsync(cancellation);
    }

    public async Task<V1.IssueClientCertificateResponse> IssueClientCertificateAsync(
        V1.IssueClientCertificateRequest request,
        CancellationToken cancellation
    )
    {
        var response = authority.Issue(request);
        var info = (await AskAsync("/info", cancellation)).Object("Swarm");
        var host =
            info.Text("NodeAddr") is { Length: > 0 } address ? address
            : options.Advertise?.Host is { Length: > 0 } advertised ? advertised
            : options.Hostname;
        response.ManagerAddresses.Add(new HostAddress(host, options.Listen.Port).ToString());
        return response;
    }

    private async Task<JsonNode?> AskAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await engine.GetAsync(path, cancellation);
        }
        catch (EngineException e)
        {
            throw DockerErrors.From(e, "swarm");
        }
    }

    private async Task<JsonObject> ReadSwarmAsync(CancellationToken cancellation) =>
        await AskAsync("/swarm", cancellation) as JsonObject ?? [];

    /// <param name="explain">Finds out more about an error than the engine's message.</param>
    private async Task ChangeMembershipAsync(
        string path,
        JsonNode? body,
        string target,
        CancellationToken cancellation,
        Func<EngineException, SwarmException, Task<SwarmException>>? explain = null
    )
    {
        try
        {
            await engine.SendAsync(HttpMethod.Post, path, body, MembershipDeadline, "", cancellation);
        }
        catch (EngineException e)
        {
            var refusal = DockerErrors.From(e, target);
            throw explain is null ? refusal : await explain(e, refusal);
        }
    }

    /// <summary>Changes the swarm's spec; repeats on fresh state when another writer was faster.</summary>
    private async Task ChangeSwarmAsync(string query, Func<JsonObject, JsonObject> change, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var swarm = await ReadSwarmAsync(cancellation);
            var spec = change(swarm);
            try
            {
                var version = DockerObjects.VersionOf(swarm).ToString(CultureInfo.InvariantCulture);
                await engine.PostAsync($"/swarm/update?version={version}{query}", spec, cancellation);
                return;
            }
            catch (EngineException e) when (e.IsVersionConflict && attempt < MostTries)
            {
                // Repeat with the present spec.
            }
            catch (EngineException e)
            {
                throw DockerErrors.From(e, "swarm");
            }
        }
    }

    private V1.Cluster Show(JsonObject swarm, JsonObject? info)
    {
        var settings = DockerClusterSettings.Read(swarm.Object("Spec"));
        var shown = new V1.Cluster
        {
            Id = swarm.Text("ID"),
            Version = DockerObjects.VersionOf(swarm),
            CreatedAt = ProtocolMapping.ToWire(swarm.Time("CreatedAt")),
            UpdatedAt = ProtocolMapping.ToWire(swarm.Time("UpdatedAt")),
            TaskHistoryLimit = settings.TaskHistoryLimit,
            SnapshotInterval = settings.SnapshotInterval,
            HeartbeatTick = (uint)(swarm.Object("Spec").Object("Raft").Number("HeartbeatTick") ?? 0),
            ElectionTick = (uint)(swarm.Object("Spec").Object("Raft").Number("ElectionTick") ?? 0),
            HeartbeatPeriod = Duration.FromTimeSpan(settings.HeartbeatPeriod),
            CertificateExpiry = Duration.FromTimeSpan(settings.CertificateExpiry),
            Autolock = settings.Autolock,
            Managers = (uint)mirror.Store.Read(static s => s.Nodes.Count(static n => n.Role == NodeRole.Manager)),
            Nodes = (uint)mirror.Store.Read(static s => s.Nodes.Count),
            NodeId = info.Text("NodeID"),
            NodeAddress = info.Text("NodeAddr"),
            IsManager = info.Flag("ControlAvailable"),
        };
        shown.ManagerAddresses.Add(ManagerAddresses(info));
        if (DockerClusterSettings.RootCertificate(swarm) is { Length: > 0 } root)
        {
            using var certificate = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(root);
            shown.CaFingerprint = JoinToken.Fingerprint(root);
            shown.CaExpiresAt = Timestamp.FromDateTime(certificate.NotAfter.ToUniversalTime());
        }
        return shown;
    }

    private static IEnumerable<string> ManagerAddresses(JsonObject? info) =>
        (info.Array("RemoteManagers") ?? [])
            .Select(static m => m.Text("Addr"))
            .Where(static a => a.Length > 0)
            .Order(StringComparer.Ordinal);

    private static string OwnAddress(JsonObject? info)
    {
        var own = info.Text("NodeID");
        var address = (info.Array("RemoteManagers") ?? []).FirstOrDefault(m => m.Text("NodeID") == own).Text("Addr");
        return address.Length > 0 ? address : WithPort(info.Text("NodeAddr"));
    }

    private string Advertised(string asked) => asked.Length > 0 ? asked : options.Advertise?.ToString() ?? "";

    private static string WithPort(string address) =>
        HostAddress.TryParse(address, HostAddress.ClusterPort, out var parsed) ? parsed.ToString() : address;

    private static string AvailabilityText(V1.NodeAvailability availability) =>
        ProtocolMapping.FromWire(availability) switch
        {
            NodeAvailability.Pause => "pause",
            NodeAvailability.Drain => "drain",
            _ => "active",
        };
}
