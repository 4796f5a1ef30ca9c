using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Set, "Swarm", SupportsShouldProcess = true)]
[OutputType(typeof(UnlockKey), typeof(Cluster))]
public sealed class SetSwarmCommand : ClusterSettingsCmdlet
{
    private const string Examples = "-TaskHistoryLimit, -SnapshotInterval, -HeartbeatPeriod, -CertificateExpiry or -AutoLock";

    private static readonly string[] Changes =
    [
        nameof(TaskHistoryLimit),
        nameof(SnapshotInterval),
        nameof(HeartbeatPeriod),
        nameof(CertificateExpiry),
        nameof(AutoLock),
    ];

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        RequireChange(Changes, Examples);
        var settings = Settings();
        var present = await Client.Clusters.GetClusterAsync(new V1.GetClusterRequest(), cancellationToken: cancellationToken);
        if (Piped is { IsState: true })
        {
            RequireChange(Changes, Examples, await ShownAsync(present, cancellationToken));
        }
        if (IsSo(settings, present) && !IsWhatIf)
        {
            TellUnchanged("The swarm");
            await WriteKeyAsync(settings, cancellationToken);
            if (PassThru)
            {
                WriteObject(await ShownAsync(present, cancellationToken));
            }
            return;
        }
        if (!await ApproveAsync("swarm", "Change " + Describe(), null, false, cancellationToken))
        {
            return;
        }
        var cluster = await Client.Clusters.UpdateClusterAsync(
            new V1.UpdateClusterRequest { RequestId = NewRequestId(), Settings = settings },
            cancellationToken: cancellationToken
        );
        await WriteKeyAsync(settings, cancellationToken);
        if (PassThru)
        {
            WriteObject(await ShownAsync(cluster, cancellationToken));
        }
    }

    /// <summary>Writes the key where autolock was asked for: nobody could unlock a manager that restarts before its key was seen.</summary>
    private async AsyncTask WriteKeyAsync(V1.ClusterSettings settings, CancellationToken cancellationToken)
    {
        // The property itself may come from a piped swarm.
        if (settings is { HasAutolock: true, Autolock: true } && await ReadUnlockKeyAsync(cancellationToken) is { } key)
        {
            WriteObject(key);
        }
    }

    private async Task<Cluster> ShownAsync(V1.Cluster cluster, CancellationToken cancellationToken) =>
        OutputMapper.ToCluster(
            await Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: cancellationToken),
            cluster
        );

    private static bool IsSo(V1.ClusterSettings wanted, V1.Cluster present) =>
        (!wanted.HasTaskHistoryLimit || wanted.TaskHistoryLimit == present.TaskHistoryLimit)
        && (!wanted.HasSnapshotInterval || wanted.SnapshotInterval == present.SnapshotInterval)
        && (wanted.HeartbeatPeriod is null || wanted.HeartbeatPeriod.Equals(present.HeartbeatPeriod))
        && (wanted.CertificateExpiry is null || wanted.CertificateExpiry.Equals(present.CertificateExpiry))
        && (!wanted.HasAutolock || wanted.Autolock == present.Autolock);
}
