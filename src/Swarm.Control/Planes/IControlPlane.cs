using Swarm.Control.Hosts;
using Swarm.Protocol.V1;

namespace Swarm.Control.Planes;

/// <summary>All calls of the control API. The gRPC service delegates to the control plane of the configuration: the built-in
/// orchestrator, or the swarm of a Docker engine.</summary>
public interface IControlPlane : IObjectApi
{
    /// <summary>builtin or docker.</summary>
    string Name { get; }

    Task<DaemonInfo> GetDaemonAsync(CancellationToken cancellation);

    /// <summary>Firewall and checks of this host, or of a node's: see <see cref="INodeHosts"/>.</summary>
    Task<RunHostCommandResponse> RunHostCommandAsync(RunHostCommandRequest request, CancellationToken cancellation);

    Task<InitSwarmResponse> InitSwarmAsync(InitSwarmRequest request, CancellationToken cancellation);

    Task<JoinSwarmResponse> JoinSwarmAsync(JoinSwarmRequest request, CancellationToken cancellation);

    Task<LeaveSwarmResponse> LeaveSwarmAsync(LeaveSwarmRequest request, CancellationToken cancellation);

    Task<Cluster> GetClusterAsync(CancellationToken cancellation);

    Task<Cluster> UpdateClusterAsync(UpdateClusterRequest request, CancellationToken cancellation);

    Task<JoinTokens> GetJoinTokensAsync(CancellationToken cancellation);

    Task<JoinTokens> RotateJoinTokenAsync(RotateJoinTokenRequest request, CancellationToken cancellation);

    Task<UnlockSwarmResponse> UnlockSwarmAsync(UnlockSwarmRequest request, CancellationToken cancellation);

    Task<UnlockKey> GetUnlockKeyAsync(CancellationToken cancellation);

    Task<UnlockKey> RotateUnlockKeyAsync(RotateUnlockKeyRequest request, CancellationToken cancellation);

    Task<Network> CreateNetworkAsync(CreateNetworkRequest request, CancellationToken cancellation);

    IAsyncEnumerable<Network> ListNetworksAsync(ListNetworksRequest request, CancellationToken cancellation);

    Task<RemoveNetworkResponse> RemoveNetworkAsync(RemoveNetworkRequest request, CancellationToken cancellation);

    Task<IssueClientCertificateResponse> IssueClientCertificateAsync(IssueClientCertificateRequest request, CancellationToken cancellation);
}
