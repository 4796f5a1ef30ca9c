using Google.Protobuf;
using Grpc.Core;
using Swarm.Daemon.Tests.DockerSwarm;
using Swarm.Security.Certificates;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

/// <summary>Each feature of the table of docs/control-planes.md as a call.</summary>
/// <remarks>The objects of the calls need not exist: a control plane with the feature answers so, with the refusals beside the call.
/// A control plane without it refuses before it looks.</remarks>
internal static class ControlPlaneFeatures
{
    /// <summary>Refusals of a host, or of a peer that does not exist: the command was understood. A host's answer depends on the machine of
    /// the tests.</summary>
    private static readonly string[] OfHosts =
    [
        "NodeNotConnected",
        "NotAdministrator",
        "FirewallNotFound",
        "FirewallNotRunning",
        "FirewallAmbiguous",
        "FirewallToolFailed",
    ];

    /// <summary>By its first column; the worker of the swarm is worker1.</summary>
    public static readonly IReadOnlyDictionary<string, ControlPlaneFeature> All = new Dictionary<string, ControlPlaneFeature>(
        StringComparer.Ordinal
    )
    {
        ["Add-SwarmFirewallRule -Name"] = new(static (c, o) => Host(c, o, Firewall(V1.FirewallAction.Add)), OfHosts),
        ["Exit-Swarm"] = new(static (c, o) => c.Membership.LeaveSwarmAsync(new(), o).ResponseAsync, "LastManager"),
        ["Get-Swarm"] = new(static (c, o) => c.Clusters.GetClusterAsync(new(), o).ResponseAsync),
        ["Get-SwarmCredential"] = new(static (c, o) => PlaneHost.ListAsync(c.Clusters.ListCredentials(new(), o))),
        ["Get-SwarmFirewallRule -Name"] = new(static (c, o) => Host(c, o, Firewall(V1.FirewallAction.Get)), OfHosts),
        ["Get-SwarmJoinToken"] = new(static (c, o) => c.Clusters.GetJoinTokensAsync(new(), o).ResponseAsync),
        ["Get-SwarmNetwork"] = new(static (c, o) => PlaneHost.ListAsync(c.Networks.ListNetworks(new(), o))),
        ["Get-SwarmNode"] = new(static (c, o) => PlaneHost.ListAsync(c.Nodes.ListNodes(new(), o))),
        ["Get-SwarmService"] = new(static (c, o) => PlaneHost.ListAsync(c.Services.ListServices(new(), o))),
        ["Get-SwarmServiceRevision"] = new(
            static (c, o) => PlaneHost.ListAsync(c.Services.ListServiceRevisions(new() { Selectors = { "nosuch" } }, o)),
            "ServiceNotFound"
        ),
        ["Get-SwarmTask"] = new(static (c, o) => PlaneHost.ListAsync(c.Tasks.ListTasks(new(), o))),
        ["Get-SwarmUnlockKey"] = new(static (c, o) => c.Clusters.GetUnlockKeyAsync(new(), o).ResponseAsync),
        ["Initialize-Swarm"] = new(static (c, o) => c.Membership.InitSwarmAsync(new(), o).ResponseAsync, "AlreadyInSwarm"),
        ["Invoke-SwarmScale"] = new(
            static (c, o) =>
                c
                    .Services.ScaleServicesAsync(
                        new()
                        {
                            Services =
                            {
                                new V1.ServiceScale { Selector = "nosuch", Replicas = 2 },
                            },
                        },
                        o
                    )
                    .ResponseAsync,
            "ServiceNotFound"
        ),
        ["Join-Swarm"] = new(
            static (c, o) =>
                c.Membership.JoinSwarmAsync(new() { Token = "SWMTKN-1-x", RemoteAddresses = { "127.0.0.1:9" } }, o).ResponseAsync,
            "AlreadyInSwarm"
        ),
        ["Join-Swarm with a manager's token"] = new(
            static (c, o) =>
                c.Membership.JoinSwarmAsync(new() { Token = "SWMTKN-1-x", RemoteAddresses = { "127.0.0.1:9" } }, o).ResponseAsync,
            "AlreadyInSwarm"
        ),
        ["New-SwarmCredential"] = new(
            static (c, o) =>
                c
                    .Clusters.IssueClientCertificateAsync(
                        new() { Name = "me", CertificateRequest = ByteString.CopyFrom(NodeIdentity.CreateRequest().CertificateRequest) },
                        o
                    )
                    .ResponseAsync
        ),
        ["New-SwarmNetwork"] = new(static (c, o) => c.Networks.CreateNetworkAsync(new() { Name = "another" }, o).ResponseAsync),
        ["New-SwarmService"] = new(static (c, o) => Create(c, o, Spec())),
        ["New-SwarmService -Network"] = new(static (c, o) => Create(c, o, Spec("attached", network: "mynet"))),
        ["Remove-SwarmFirewallRule -Name"] = new(static (c, o) => Host(c, o, Firewall(V1.FirewallAction.Remove)), OfHosts),
        ["Remove-SwarmNetwork"] = new(
            static (c, o) => c.Networks.RemoveNetworkAsync(new() { Selector = "nosuch" }, o).ResponseAsync,
            "NetworkNotFound"
        ),
        ["Remove-SwarmNode"] = new(
            static (c, o) => c.Nodes.RemoveNodeAsync(new() { Selector = "nosuch" }, o).ResponseAsync,
            "NodeNotFound"
        ),
        ["Remove-SwarmService"] = new(
            static (c, o) => c.Services.RemoveServiceAsync(new() { Selector = "nosuch" }, o).ResponseAsync,
            "ServiceNotFound"
        ),
        ["Reset-SwarmJoinToken"] = new(
            static (c, o) => c.Clusters.RotateJoinTokenAsync(new() { Role = V1.NodeRole.Worker }, o).ResponseAsync
        ),
        ["Reset-SwarmUnlockKey"] = new(static (c, o) => c.Clusters.RotateUnlockKeyAsync(new(), o).ResponseAsync, "AutolockNotEnabled"),
        // The module reads, counts one up and writes.
        ["Restart-SwarmService"] = new(static (c, o) => Update(c, o, Spec()), "ServiceNotFound"),
        ["Revoke-SwarmCredential"] = new(
            static (c, o) => c.Clusters.RevokeCredentialAsync(new() { SerialNumber = "nosuch" }, o).ResponseAsync,
            "CredentialNotFound"
        ),
        ["Set-Swarm"] = new(
            static (c, o) => c.Clusters.UpdateClusterAsync(new() { Settings = new() { TaskHistoryLimit = 4 } }, o).ResponseAsync
        ),
        ["Set-SwarmNode"] = new(
            static (c, o) =>
                c.Nodes.UpdateNodeAsync(new() { Selector = "worker1", Availability = V1.NodeAvailability.Pause }, o).ResponseAsync
        ),
        ["Set-SwarmNode -Role Manager"] = new(
            static (c, o) => c.Nodes.UpdateNodeAsync(new() { Selector = "worker1", Role = V1.NodeRole.Manager }, o).ResponseAsync
        ),
        ["Set-SwarmService"] = new(static (c, o) => Update(c, o, Spec()), "ServiceNotFound"),
        ["Set-SwarmService -Network"] = new(static (c, o) => Update(c, o, Spec(network: "mynet")), "ServiceNotFound"),
        ["Stop-SwarmTask"] = new(static (c, o) => c.Tasks.StopTaskAsync(new() { Selector = "nosuch" }, o).ResponseAsync, "TaskNotFound"),
        ["Test-SwarmFirewallRule -Name"] = new(
            static (c, o) => Host(c, o, new() { Firewall = new() { Action = V1.FirewallAction.Get } }),
            OfHosts
        ),
        ["Test-SwarmHost -Name"] = new(static (c, o) => Host(c, o, Check()), "NodeNotConnected"),
        ["Test-SwarmPlacement"] = new(static (c, o) => PlaneHost.ListAsync(c.Tasks.TestPlacement(new() { Spec = Spec() }, o))),
        ["Undo-SwarmService"] = new(
            static (c, o) => c.Services.RollbackServiceAsync(new() { Selector = "nosuch" }, o).ResponseAsync,
            "ServiceNotFound"
        ),
        ["Unlock-Swarm"] = new(
            static (c, o) => c.Membership.UnlockSwarmAsync(new() { UnlockKey = "SWMKEY-1-x" }, o).ResponseAsync,
            "SwarmNotLocked"
        ),
        ["Wait-SwarmService"] = new(
            static (c, o) => PlaneHost.ListAsync(c.Services.WaitServices(new() { Selectors = { "nosuch" } }, o)),
            "ServiceNotFound"
        ),
        // Without end: a refusal comes at once, and the deadline ends a working watch.
        ["Watch-SwarmEvent"] = new(
            static (c, o) =>
                PlaneHost.ListAsync(c.Events.WatchEvents(new(), o.WithDeadline(DateTime.UtcNow + TimeSpan.FromMilliseconds(500)))),
            nameof(StatusCode.DeadlineExceeded)
        ),
    };

    private static Task Create(V1.ControlClient client, CallOptions options, V1.ServiceSpec spec) =>
        client.Services.CreateServiceAsync(new() { Spec = spec, NoResolveImage = true }, options).ResponseAsync;

    private static Task Update(V1.ControlClient client, CallOptions options, V1.ServiceSpec spec) =>
        client
            .Services.UpdateServiceAsync(
                new()
                {
                    Selector = "nosuch",
                    Spec = spec,
                    NoResolveImage = true,
                },
                options
            )
            .ResponseAsync;

    private static Task Host(V1.ControlClient client, CallOptions options, V1.HostCommand command) =>
        client.Daemon.RunHostCommandAsync(new() { Selector = "worker1", Command = command }, options).ResponseAsync;

    /// <summary>A dry run: the machine of the tests keeps its firewall.</summary>
    private static V1.HostCommand Firewall(V1.FirewallAction action) =>
        new()
        {
            Firewall = new()
            {
                Action = action,
                Provider = V1.FirewallProvider.Iptables,
                DryRun = true,
            },
        };

    private static V1.HostCommand Check() =>
        new()
        {
            Check = new() { Address = "127.0.0.1", InSwarm = true },
        };

    private static V1.ServiceSpec Spec(string name = "web", string network = "")
    {
        var spec = new V1.ServiceSpec
        {
            Name = name,
            Container = new() { Image = "redis:3.0.6" },
            Replicated = new() { Replicas = 1 },
        };
        if (network.Length > 0)
        {
            spec.Networks.Add(network);
        }
        return spec;
    }
}
