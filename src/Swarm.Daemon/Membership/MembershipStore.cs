using System.Text.Json;
using Swarm.Control.Addresses;
using Swarm.Core.Errors;
using Swarm.Security.Certificates;
using Swarm.Storage;

namespace Swarm.Daemon.Membership;

/// <summary>A node's files about its swarm, in the state directory. Damaged files are refused and left as they are.</summary>
public sealed class MembershipStore(StateDirectory directory)
{
    public const string RecordFile = "node.json";

    /// <summary>The manager's log.</summary>
    public const string LogDirectory = "raft";

    /// <summary>The agent's journal of its tasks.</summary>
    public const string AgentDirectory = "agent";

    /// <summary>The process executor's tasks.</summary>
    public const string ProcessDirectory = "processes";

    private static readonly string[] Belongings =
    [
        LogDirectory,
        DataKeyStore.FileName,
        NodeIdentityFile.FileName,
        AgentDirectory,
        ProcessDirectory,
    ];

    public StateDirectory Directory => directory;

    /// <summary>The record, or null when this node is in no swarm.</summary>
    /// <exception cref="SwarmException">StateDirectoryDamaged, StateDirectoryTooNew.</exception>
    public MembershipRecord? Load()
    {
        var path = directory.Combine(RecordFile);
        if (directory.Read(RecordFile) is not { } content)
        {
            return Belongings.FirstOrDefault(b => Path.Exists(directory.Combine(b))) is { } left
                ? throw StateDirectory.Damaged(path, $"is missing, though '{left}' is there")
                : null;
        }
        MembershipRecord? record;
        try
        {
            record = JsonSerializer.Deserialize(content, MembershipJsonContext.Default.MembershipRecord);
        }
        catch (JsonException e)
        {
            throw StateDirectory.Damaged(path, "is damaged", e);
        }
        if (record is { Version: > MembershipRecord.CurrentVersion })
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "StateDirectoryTooNew",
                $"'{path}' was written by a newer swarmd (format {record.Version}).",
                path,
                "Start a swarmd that is at least as new."
            );
        }
        return IsWhole(record) ? record : throw StateDirectory.Damaged(path, "is damaged");
    }

    public void Save(MembershipRecord record) =>
        directory.WriteAtomic(RecordFile, JsonSerializer.SerializeToUtf8Bytes(record, MembershipJsonContext.Default.MembershipRecord));

    /// <summary>Deletes everything about the swarm. The record goes last, so that the next start finishes an interrupted wipe.</summary>
    public void Wipe()
    {
        Save(new MembershipRecord { Phase = MembershipPhase.Leaving });
        foreach (var name in Belongings)
        {
            var path = directory.Combine(name);
            if (System.IO.Directory.Exists(path))
            {
                System.IO.Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }
        directory.Delete(RecordFile);
    }

    private static bool IsWhole(MembershipRecord? record) =>
        record is { Version: MembershipRecord.CurrentVersion }
        && (
            record.Phase != MembershipPhase.Active
            || (
                // Generated serializers set an init property that the file omits to null, whatever its type is.
                record.NodeId
                    is { Length: > 0 }
                && record.ClusterId is { Length: > 0 }
                && HostAddress.TryParse(record.Listen, HostAddress.ClusterPort, out _)
                && HostAddress.TryParse(record.Advertise, HostAddress.ClusterPort, out _)
                && record.Managers is not null
            )
        );
}
