using Swarm.Core.Model;
using Swarm.Manager.Leader;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <summary>Filters an agent's reports for the log: only states that agents may report, texts of limited length, times in the
/// past.</summary>
internal static class StatusChecks
{
    /// <summary>The statuses of one report that are committed together; a larger report is divided.</summary>
    public const int StatusesAtOnce = 64;

    /// <summary>The usable statuses, without states that an agent may not report.</summary>
    public static List<ReportedStatus> Read(IEnumerable<V1.TaskStatusUpdate> updates, DateTimeOffset now)
    {
        var read = new List<ReportedStatus>();
        foreach (var update in updates)
        {
            if (
                update.Status is not { } status
                || update.TaskId.Length is 0 or > 64
                || status.State is < V1.TaskState.Accepted or > V1.TaskState.Rejected
            )
            {
                continue;
            }
            var mapped = ProtocolMapping.FromWire(status, now);
            read.Add(
                new ReportedStatus(
                    update.TaskId,
                    mapped with
                    {
                        Timestamp = mapped.Timestamp > now ? now : mapped.Timestamp,
                        Message = BoundedText.Cut(mapped.Message, BoundedText.StatusBytes),
                        Error = BoundedText.Cut(mapped.Error, BoundedText.StatusBytes),
                        ContainerId = BoundedText.Cut(mapped.ContainerId, 128),
                    }
                )
            );
        }
        return read;
    }

    /// <summary>A description whose texts have limited lengths.</summary>
    public static NodeDescription Read(V1.NodeDescription? description)
    {
        var read = ProtocolMapping.FromWire(description);
        return read with
        {
            Hostname = BoundedText.Cut(read.Hostname, 255),
            Os = BoundedText.Cut(read.Os, 64),
            Architecture = BoundedText.Cut(read.Architecture, 64),
            EngineVersion = BoundedText.Cut(read.EngineVersion, 128),
            EngineLabels = ValueMap.From(
                read.EngineLabels.Take(256).Select(l => KeyValuePair.Create(BoundedText.Cut(l.Key, 256), BoundedText.Cut(l.Value, 1024)))
            ),
            Plugins = read.Plugins.Take(256).Select(p => BoundedText.Cut(p, 256)).ToValueList(),
            Executor = BoundedText.Cut(read.Executor, 64),
            SwarmdVersion = BoundedText.Cut(read.SwarmdVersion, 64),
            Warnings = read.Warnings.Take(16).Select(w => BoundedText.Cut(w, 1024)).ToValueList(),
            Resources = new ResourceAmount(Math.Max(0, read.Resources.NanoCpus), Math.Max(0, read.Resources.MemoryBytes)),
        };
    }
}
