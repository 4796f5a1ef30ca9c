using System.Text;
using Swarm.Core.Model;
using Swarm.Daemon.Api;
using Swarm.Daemon.Manager;
using Wire = Swarm.Protocol.V1;

namespace Swarm.Daemon.Dispatcher;

/// <summary>What of an agent's words gets into the log: only states that are an agent's to report, texts of a bounded length, times that have been.</summary>
internal static class StatusChecks
{
    /// <summary>Bytes of an error or message that are kept.</summary>
    public const int TextBytes = 4096;

    /// <summary>Statuses of one report that go into the log together; a larger report is divided.</summary>
    public const int StatusesAtOnce = 64;

    /// <summary>The statuses that can be used; those that an agent may not report are left out.</summary>
    public static List<ReportedStatus> Read(IEnumerable<Wire.TaskStatusUpdate> updates, DateTimeOffset now)
    {
        var read = new List<ReportedStatus>();
        foreach (var update in updates)
        {
            if (
                update.Status is not { } status
                || update.TaskId.Length is 0 or > 64
                || status.State is < Wire.TaskState.Accepted or > Wire.TaskState.Rejected
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
                        Message = Cut(mapped.Message, TextBytes),
                        Error = Cut(mapped.Error, TextBytes),
                        ContainerId = Cut(mapped.ContainerId, 128),
                    }
                )
            );
        }
        return read;
    }

    /// <summary>A description with every text bounded.</summary>
    public static NodeDescription Read(Wire.NodeDescription? description)
    {
        var read = ProtocolMapping.FromWire(description);
        return read with
        {
            Hostname = Cut(read.Hostname, 255),
            Os = Cut(read.Os, 64),
            Architecture = Cut(read.Architecture, 64),
            EngineVersion = Cut(read.EngineVersion, 128),
            EngineLabels = ValueMap.From(read.EngineLabels.Take(256).Select(l => KeyValuePair.Create(Cut(l.Key, 256), Cut(l.Value, 1024)))),
            Plugins = read.Plugins.Take(256).Select(p => Cut(p, 256)).ToValueList(),
            Executor = Cut(read.Executor, 64),
            SwarmdVersion = Cut(read.SwarmdVersion, 64),
            Resources = new ResourceAmount(Math.Max(0, read.Resources.NanoCpus), Math.Max(0, read.Resources.MemoryBytes)),
        };
    }

    public static string Cut(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
        {
            return text;
        }
        var cut = text.AsSpan(0, Math.Min(text.Length, bytes));
        while (Encoding.UTF8.GetByteCount(cut) > bytes - 3 || char.IsHighSurrogate(cut[^1]))
        {
            cut = cut[..^1];
        }
        return string.Concat(cut, "…");
    }
}
