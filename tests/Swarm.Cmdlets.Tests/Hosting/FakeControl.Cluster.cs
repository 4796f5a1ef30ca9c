using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <content>The daemon, its host, the swarm and its networks.</content>
internal sealed partial class FakeControl
{
    public override Task<V1.DaemonInfo> GetDaemon(V1.GetDaemonRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(Daemon);
    }

    /// <summary>What every node hears that is asked to listen.</summary>
    public V1.ListenReport Listening { get; set; } = new() { Arrived = { 7946, 4789 } };

    /// <summary>Nodes whose swarmd is not connected.</summary>
    public HashSet<string> Disconnected { get; } = [];

    /// <summary>Each host command waits for it before it is answered.</summary>
    public Func<V1.RunHostCommandRequest, CancellationToken, AsyncTask> DuringHostCommand { get; set; } =
        static (_, _) => AsyncTask.CompletedTask;

    public override async Task<V1.RunHostCommandResponse> RunHostCommand(V1.RunHostCommandRequest request, ServerCallContext context)
    {
        Note(request);
        await DuringHostCommand(request, context.CancellationToken);
        var node = request.Selector.Length == 0 ? Nodes[0] : Node(request.Selector);
        if (Disconnected.Contains(node.Name))
        {
            throw Refuse(StatusCode.Unavailable, "NodeNotConnected", $"The swarmd of node {node.Name} is not connected.", node.Name);
        }
        var answer = new V1.HostAnswer();
        if (request.Command.Firewall is { } firewall)
        {
            answer.Firewall = new V1.FirewallReport { Provider = V1.FirewallProvider.Ufw };
            answer.Firewall.Commands.Add("ufw allow 2377/tcp");
            answer.Firewall.Rules.Add(
                new V1.FirewallRule
                {
                    Port = "2377/tcp",
                    Purpose = "cluster management",
                    State = firewall.Action == V1.FirewallAction.Add ? "open" : "closed",
                    OpenedBy = firewall.Action == V1.FirewallAction.Add ? "swarm" : "none",
                    Permanent = true,
                    Sources = { firewall.Sources },
                }
            );
        }
        else if (request.Command.Listen is not null)
        {
            answer.Listen = Listening;
        }
        else if (request.Command.Check is not null)
        {
            answer.Checks.Add(
                new V1.HostCheck
                {
                    Name = "Engine",
                    Status = "failed",
                    Detail = "none",
                    Remedy = "Install-SwarmEngine",
                }
            );
        }
        return new V1.RunHostCommandResponse
        {
            NodeId = node.Id,
            NodeName = node.Name,
            Answer = answer,
        };
    }

    public override Task<V1.InitSwarmResponse> InitSwarm(V1.InitSwarmRequest request, ServerCallContext context)
    {
        Note(request);
        Daemon.State = V1.LocalNodeState.Active;
        Daemon.IsManager = true;
        return AsyncTask.FromResult(
            new V1.InitSwarmResponse
            {
                NodeId = "node0id",
                ClusterId = "cluster1",
                Tokens = Tokens,
                UnlockKey = request.Settings.Autolock ? "SWMKEY-1-abc" : "",
            }
        );
    }

    public override Task<V1.JoinSwarmResponse> JoinSwarm(V1.JoinSwarmRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(
            new V1.JoinSwarmResponse
            {
                NodeId = "node9id",
                ClusterId = "cluster1",
                Role = V1.NodeRole.Manager,
            }
        );
    }

    public override Task<V1.LeaveSwarmResponse> LeaveSwarm(V1.LeaveSwarmRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(new V1.LeaveSwarmResponse());
    }

    public override Task<V1.Cluster> GetCluster(V1.GetClusterRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(
            new V1.Cluster
            {
                Id = "cluster1",
                NodeId = "node0id",
                IsManager = true,
                Managers = 1,
                Nodes = 3,
                TaskHistoryLimit = TaskHistoryLimit,
                SnapshotInterval = 10000,
                HeartbeatPeriod = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)),
                CertificateExpiry = Duration.FromTimeSpan(TimeSpan.FromDays(90)),
            }
        );
    }

    public override async Task<V1.Cluster> UpdateCluster(V1.UpdateClusterRequest request, ServerCallContext context)
    {
        Note(request);
        TaskHistoryLimit = request.Settings.HasTaskHistoryLimit ? request.Settings.TaskHistoryLimit : TaskHistoryLimit;
        return await GetCluster(new V1.GetClusterRequest(), context);
    }

    public override Task<V1.JoinTokens> GetJoinTokens(V1.GetJoinTokensRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(Tokens);
    }

    public override Task<V1.JoinTokens> RotateJoinToken(V1.RotateJoinTokenRequest request, ServerCallContext context)
    {
        Note(request);
        Tokens.Worker = "SWMTKN-1-ca-worker2";
        return AsyncTask.FromResult(Tokens);
    }

    public override Task<V1.UnlockSwarmResponse> UnlockSwarm(V1.UnlockSwarmRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(new V1.UnlockSwarmResponse());
    }

    public override Task<V1.UnlockKey> GetUnlockKey(V1.GetUnlockKeyRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(new V1.UnlockKey { UnlockKey_ = "SWMKEY-1-abc" });
    }

    public override Task<V1.UnlockKey> RotateUnlockKey(V1.RotateUnlockKeyRequest request, ServerCallContext context)
    {
        Note(request);
        return AsyncTask.FromResult(new V1.UnlockKey { UnlockKey_ = "SWMKEY-1-def" });
    }

    public override Task<V1.IssueClientCertificateResponse> IssueClientCertificate(
        V1.IssueClientCertificateRequest request,
        ServerCallContext context
    )
    {
        Note(request);
        var wanted = CertificateRequest.LoadSigningRequest(request.CertificateRequest.ToByteArray(), HashAlgorithmName.SHA256);
        using var issued = wanted.Create(Root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(30), [1, 2, 3]);
        return AsyncTask.FromResult(
            new V1.IssueClientCertificateResponse
            {
                Certificate = issued.ExportCertificatePem(),
                RootCertificate = Root.ExportCertificatePem(),
                ManagerAddresses = { "127.0.0.11:2377" },
            }
        );
    }

    public List<V1.Network> Networks { get; } = [];

    public override Task<V1.Network> CreateNetwork(V1.CreateNetworkRequest request, ServerCallContext context)
    {
        Note(request);
        var network = new V1.Network
        {
            Id = request.Name + "id",
            Name = request.Name,
            Driver = request.Driver,
            Scope = "swarm",
            Attachable = request.Attachable,
        };
        network.Subnets.Add(request.Subnets);
        Networks.Add(network);
        return AsyncTask.FromResult(network);
    }

    public override AsyncTask ListNetworks(
        V1.ListNetworksRequest request,
        IServerStreamWriter<V1.Network> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        return SendAsync(
            Networks.Where(n => request.Selectors.Count == 0 || request.Selectors.Contains(n.Name) || request.Selectors.Contains(n.Id)),
            responseStream
        );
    }

    public override Task<V1.RemoveNetworkResponse> RemoveNetwork(V1.RemoveNetworkRequest request, ServerCallContext context)
    {
        Note(request);
        Networks.RemoveAll(n => n.Id == request.Selector);
        return AsyncTask.FromResult(new V1.RemoveNetworkResponse());
    }
}
