using Grpc.Core;
using Swarm.Daemon.Tests.DockerSwarm;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Api;

/// <summary>Each feature of the table of docs/control-planes.md as a call.</summary>
/// <remarks>What is asked for need not be there: a control plane that has the feature answers so, one that has it not refuses before it looks.</remarks>
internal static class ControlPlaneFeatures
{
    /// <summary>By its first column; the worker of the swarm is worker1.</summary>
    public static readonly IReadOnlyDictionary<string, Func<Wire.Control.ControlClient, CallOptions, Task>> Calls = new Dictionary<
        string,
        Func<Wire.Control.ControlClient, CallOptions, Task>
    >(StringComparer.Ordinal)
    {
        ["Add-SwarmFirewallRule -Name"] = static (c, o) => Host(c, o, Firewall(Wire.FirewallAction.Add)),
        ["Exit-Swarm"] = static (c, o) => c.LeaveSwarmAsync(new(), o).ResponseAsync,
        ["Get-Swarm"] = static (c, o) => c.GetClusterAsync(new(), o).ResponseAsync,
        ["Get-SwarmFirewallRule -Name"] = static (c, o) => Host(c, o, Firewall(Wire.FirewallAction.Get)),
        ["Get-SwarmJoinToken"] = static (c, o) => c.GetJoinTokensAsync(new(), o).ResponseAsync,
        ["Get-SwarmNetwork"] = static (c, o) => PlaneHost.ListAsync(c.ListNetworks(new(), o)),
        ["Get-SwarmNode"] = static (c, o) => PlaneHost.ListAsync(c.ListNodes(new(), o)),
        ["Get-SwarmService"] = static (c, o) => PlaneHost.ListAsync(c.ListServices(new(), o)),
        ["Get-SwarmServiceRevision"] = static (c, o) => PlaneHost.ListAsync(c.ListServiceRevisions(new() { Selectors = { "nosuch" } }, o)),
        ["Get-SwarmTask"] = static (c, o) => PlaneHost.ListAsync(c.ListTasks(new(), o)),
        ["Get-SwarmUnlockKey"] = static (c, o) => c.GetUnlockKeyAsync(new(), o).ResponseAsync,
        ["Initialize-Swarm"] = static (c, o) => c.InitSwarmAsync(new(), o).ResponseAsync,
        ["Invoke-SwarmScale"] = static (c, o) =>
            c.ScaleServicesAsync(
                new()
                {
                    Services =
                    {
                        new Wire.ServiceScale { Selector = "nosuch", Replicas = 2 },
                    },
                },
                o
            ).ResponseAsync,
        ["Join-Swarm"] = static (c, o) =>
            c.JoinSwarmAsync(new() { Token = "SWMTKN-1-x", RemoteAddresses = { "127.0.0.1:9" } }, o).ResponseAsync,
        ["Join-Swarm with a manager's token"] = static (c, o) =>
            c.JoinSwarmAsync(new() { Token = "SWMTKN-1-x", RemoteAddresses = { "127.0.0.1:9" } }, o).ResponseAsync,
        ["New-SwarmCredential"] = static (c, o) => c.IssueClientCertificateAsync(new() { Name = "me" }, o).ResponseAsync,
        ["New-SwarmNetwork"] = static (c, o) => c.CreateNetworkAsync(new() { Name = "mynet" }, o).ResponseAsync,
        ["New-SwarmService"] = static (c, o) => c.CreateServiceAsync(new() { Spec = Spec(), NoResolveImage = true }, o).ResponseAsync,
        ["New-SwarmService -Network"] = static (c, o) =>
            c.CreateServiceAsync(new() { Spec = Spec(network: "mynet"), NoResolveImage = true }, o).ResponseAsync,
        ["New-SwarmService -Publish"] = static (c, o) =>
            c.CreateServiceAsync(new() { Spec = Spec(port: 80), NoResolveImage = true }, o).ResponseAsync,
        ["Remove-SwarmFirewallRule -Name"] = static (c, o) => Host(c, o, Firewall(Wire.FirewallAction.Remove)),
        ["Remove-SwarmNetwork"] = static (c, o) => c.RemoveNetworkAsync(new() { Selector = "nosuch" }, o).ResponseAsync,
        ["Remove-SwarmNode"] = static (c, o) => c.RemoveNodeAsync(new() { Selector = "nosuch" }, o).ResponseAsync,
        ["Remove-SwarmService"] = static (c, o) => c.RemoveServiceAsync(new() { Selector = "nosuch" }, o).ResponseAsync,
        ["Reset-SwarmJoinToken"] = static (c, o) => c.RotateJoinTokenAsync(new() { Role = Wire.NodeRole.Worker }, o).ResponseAsync,
        ["Reset-SwarmUnlockKey"] = static (c, o) => c.RotateUnlockKeyAsync(new(), o).ResponseAsync,
        // The module reads, counts one up and writes.
        ["Restart-SwarmService"] = static (c, o) =>
            c.UpdateServiceAsync(
                new()
                {
                    Selector = "nosuch",
                    Spec = Spec(),
                    NoResolveImage = true,
                },
                o
            ).ResponseAsync,
        ["Set-Swarm"] = static (c, o) => c.UpdateClusterAsync(new() { Settings = new() { TaskHistoryLimit = 4 } }, o).ResponseAsync,
        ["Set-SwarmNode"] = static (c, o) =>
            c.UpdateNodeAsync(new() { Selector = "worker1", Availability = Wire.NodeAvailability.Pause }, o).ResponseAsync,
        ["Set-SwarmNode -Role Manager"] = static (c, o) =>
            c.UpdateNodeAsync(new() { Selector = "worker1", Role = Wire.NodeRole.Manager }, o).ResponseAsync,
        ["Set-SwarmService"] = static (c, o) =>
            c.UpdateServiceAsync(
                new()
                {
                    Selector = "nosuch",
                    Spec = Spec(),
                    NoResolveImage = true,
                },
                o
            ).ResponseAsync,
        ["Set-SwarmService -Network"] = static (c, o) =>
            c.UpdateServiceAsync(
                new()
                {
                    Selector = "nosuch",
                    Spec = Spec(network: "mynet"),
                    NoResolveImage = true,
                },
                o
            ).ResponseAsync,
        ["Set-SwarmService -Publish"] = static (c, o) =>
            c.UpdateServiceAsync(
                new()
                {
                    Selector = "nosuch",
                    Spec = Spec(port: 80),
                    NoResolveImage = true,
                },
                o
            ).ResponseAsync,
        ["Stop-SwarmTask"] = static (c, o) => c.StopTaskAsync(new() { Selector = "nosuch" }, o).ResponseAsync,
        ["Test-SwarmFirewallRule -Name"] = static (c, o) => Host(c, o, Probe()),
        ["Test-SwarmHost -Name"] = static (c, o) => Host(c, o, Probe()),
        ["Test-SwarmPlacement"] = static (c, o) => PlaneHost.ListAsync(c.TestPlacement(new() { Spec = Spec() }, o)),
        ["Undo-SwarmService"] = static (c, o) => c.RollbackServiceAsync(new() { Selector = "nosuch" }, o).ResponseAsync,
        ["Unlock-Swarm"] = static (c, o) => c.UnlockSwarmAsync(new() { UnlockKey = "SWMKEY-1-x" }, o).ResponseAsync,
        ["Wait-SwarmService"] = static (c, o) => PlaneHost.ListAsync(c.WaitServices(new() { Selectors = { "nosuch" } }, o)),
        // Without end: a refusal comes at once, a watch that is there is ended by the deadline.
        ["Watch-SwarmEvent"] = static (c, o) =>
            PlaneHost.ListAsync(c.WatchEvents(new(), o.WithDeadline(DateTime.UtcNow + TimeSpan.FromMilliseconds(500)))),
    };

    private static Task Host(Wire.Control.ControlClient client, CallOptions options, Wire.HostCommand command) =>
        client.RunHostCommandAsync(new() { Selector = "worker1", Command = command }, options).ResponseAsync;

    /// <summary>Only what would be done: the machine of the tests keeps its firewall.</summary>
    private static Wire.HostCommand Firewall(Wire.FirewallAction action) =>
        new()
        {
            Firewall = new()
            {
                Action = action,
                Provider = Wire.FirewallProvider.Iptables,
                DryRun = true,
            },
        };

    private static Wire.HostCommand Probe() => new() { Probe = new() { Tcp = { "127.0.0.1:1" } } };

    private static Wire.ServiceSpec Spec(string network = "", uint port = 0)
    {
        var spec = new Wire.ServiceSpec
        {
            Name = "web",
            Container = new() { Image = "redis:3.0.6" },
            Replicated = new() { Replicas = 1 },
        };
        if (network.Length > 0)
        {
            spec.Networks.Add(network);
        }
        if (port > 0)
        {
            spec.Ports.Add(new Wire.PublishedPort { TargetPort = port });
        }
        return spec;
    }
}
