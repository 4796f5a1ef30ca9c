using Google.Protobuf.WellKnownTypes;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets;

/// <summary>The settings that a swarm is created with and that can be changed later.</summary>
public abstract class ClusterSettingsCmdlet : SwarmCmdlet, ITakesObjects
{
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Whole(Max = int.MaxValue)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public int TaskHistoryLimit { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Whole]
    [ValidateRange(1, long.MaxValue)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public long SnapshotInterval { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan HeartbeatPeriod { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan CertificateExpiry { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Flag]
    public SwitchParameter AutoLock { get; set; }

    /// <summary>The bound parameters in words: "task history limit to 7, auto lock to on".</summary>
    private protected string Describe()
    {
        (string Name, string Value)[] settings =
        [
            (nameof(TaskHistoryLimit), $"{TaskHistoryLimit}"),
            (nameof(SnapshotInterval), $"{SnapshotInterval}"),
            (nameof(HeartbeatPeriod), Display.Duration(HeartbeatPeriod)),
            (nameof(CertificateExpiry), Display.Duration(CertificateExpiry)),
            (nameof(AutoLock), AutoLock ? "on" : "off"),
        ];
        return string.Join(", ", settings.Where(s => IsBound(s.Name)).Select(s => $"{ParameterWords.Of(s.Name)} to {s.Value}"));
    }

    /// <summary>Only the bound parameters.</summary>
    /// <exception cref="SwarmException">InvalidSetting: a limit below 0. The object of a swarm that has one from an earlier version still binds.</exception>
    private protected V1.ClusterSettings Settings()
    {
        var settings = new V1.ClusterSettings();
        if (IsBound(nameof(TaskHistoryLimit)))
        {
            settings.TaskHistoryLimit =
                TaskHistoryLimit >= 0
                    ? TaskHistoryLimit
                    : throw new SwarmException(
                        "InvalidSetting",
                        $"The task history limit cannot be {TaskHistoryLimit}.",
                        nameof(TaskHistoryLimit),
                        "Give a number of tasks, 0 or more."
                    );
        }
        if (IsBound(nameof(SnapshotInterval)))
        {
            settings.SnapshotInterval = (ulong)SnapshotInterval;
        }
        if (IsBound(nameof(HeartbeatPeriod)))
        {
            settings.HeartbeatPeriod = Duration.FromTimeSpan(HeartbeatPeriod);
        }
        if (IsBound(nameof(CertificateExpiry)))
        {
            settings.CertificateExpiry = Duration.FromTimeSpan(CertificateExpiry);
        }
        if (IsBound(nameof(AutoLock)))
        {
            settings.Autolock = AutoLock;
        }
        return settings;
    }
}
