using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "Swarm")]
[OutputType(typeof(Cluster))]
public sealed class GetSwarmCommand : SwarmCmdlet
{
    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        var daemon = await Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: cancellationToken);
        // A worker knows only its own part; a daemon outside of any swarm has nothing more to report.
        var cluster = daemon is { State: V1.LocalNodeState.Active, IsManager: true }
            ? await Client.Clusters.GetClusterAsync(new V1.GetClusterRequest(), cancellationToken: cancellationToken)
            : null;
        WriteObject(OutputMapper.ToCluster(daemon, cluster));
    }
}
