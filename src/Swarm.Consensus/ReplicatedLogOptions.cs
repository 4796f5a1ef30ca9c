using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Swarm.Storage;

namespace Swarm.Consensus;

/// <summary>The settings of a <see cref="ReplicatedLog"/>.</summary>
public sealed record ReplicatedLogOptions
{
    /// <summary>As in Docker, a tick is the leader's heartbeat: half the lower election timeout (DotNext's heartbeat threshold,
    /// 0.5).</summary>
    public const uint HeartbeatTick = 1;

    /// <summary>Ticks without a heartbeat after which an election may begin.</summary>
    public const uint ElectionTick = 2;

    /// <summary>The variable of the environment for <see cref="SyncDelay"/>, in milliseconds. swarmd warns where it is set.</summary>
    public const string SyncDelayVariable = "SWARM_TEST_SYNC_DELAY";

    /// <summary>The log's directory; created if missing. It belongs to this log alone.</summary>
    public required string Directory { get; init; }

    /// <summary>This member's own cluster address, host:port. A lone member may change it between starts.</summary>
    public required string Address { get; init; }

    /// <summary>32 bytes; see <see cref="DataKeyStore"/>. The same on every manager of a swarm: entries travel encrypted as they are stored.</summary>
    public required byte[] DataKey { get; init; }

    /// <summary>Log entries between snapshots; called after each entry, so that it follows the committed cluster settings.</summary>
    public Func<ulong> SnapshotInterval { get; init; } = () => 10_000;

    /// <summary>False for a manager that joins others: it waits until the leader adds it. True makes the first start a swarm of its own.</summary>
    public bool Bootstrap { get; init; } = true;

    /// <summary>True when this manager was in its swarm before: a missing or empty log is then damage, not a beginning.</summary>
    public bool MustExist { get; init; }

    /// <summary>A follower without messages for a random time between these two calls an election. A lone member leads at once.</summary>
    public TimeSpan LowerElectionTimeout { get; init; } = TimeSpan.FromMilliseconds(1000);
    public TimeSpan UpperElectionTimeout { get; init; } = TimeSpan.FromMilliseconds(2000);

    /// <summary>Takes connections of other managers; null: there are none.</summary>
    public IConnectionListenerFactory? ListenerFactory { get; init; }

    /// <summary>Makes connections to other managers; null: there are none.</summary>
    public IConnectionFactory? ConnectionFactory { get; init; }

    /// <summary>Bytes that must stay free on the disk after a proposal. Tests remove it to let the log's own writes fail.</summary>
    internal long DiskReserve { get; init; } = DiskSpace.DefaultReserve;

    /// <summary>The time that each proposal takes longer, as on a slow disk. For tests and benchmarks:
    /// <see cref="SyncDelayVariable"/>.</summary>
    internal TimeSpan SyncDelay { get; init; } =
        int.TryParse(
            Environment.GetEnvironmentVariable(SyncDelayVariable),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var milliseconds
        )
            ? TimeSpan.FromMilliseconds(milliseconds)
            : TimeSpan.Zero;
}
