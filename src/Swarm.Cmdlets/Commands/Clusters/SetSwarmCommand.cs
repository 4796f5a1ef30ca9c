using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Set, "Swarm", SupportsShouldProcess = true)]
[OutputType(typeof(Cluster))]
public sealed class SetSwarmCommand : ClusterSettingsCmdlet
{
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        var settings = Settings();
        if (settings.CalculateSize() == 0)
        {
            throw new SwarmException(
                "NothingToChange",
                "No setting was given.",
                "",
                "Name one: -TaskHistoryLimit, -SnapshotInterval, -HeartbeatPeriod, -CertificateExpiry or -AutoLock."
            );
        }
        if (!await ApproveAsync("swarm", "Change " + Describe(), null, false, cancellationToken))
        {
            return;
        }
        var cluster = await Client.Clusters.UpdateClusterAsync(
            new V1.UpdateClusterRequest { RequestId = NewRequestId(), Settings = settings },
            cancellationToken: cancellationToken
        );
        if (PassThru)
        {
            var daemon = await Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: cancellationToken);
            WriteObject(OutputMapper.ToCluster(daemon, cluster));
        }
    }
}
