using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Manager.Leader;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <summary>Filters an agent's reports for the log: only states that agents may report, texts of limited length, times in the
/// past.</summary>
internal static class StatusChecks
{
    /// <summary>The bytes of statuses that are committed together, as they are estimated in the log; more are divided. A third of a batch: an
    /// agent's reports leave room for others'.</summary>
    private const int BytesAtOnce = 256 * 1024;

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
                new ReportedStatus(update.TaskId, BoundedStatus.Of(mapped.Timestamp > now ? mapped with { Timestamp = now } : mapped))
            );
        }
        return read;
    }

    /// <summary>The statuses in parts that are committed one after the other.</summary>
    public static IEnumerable<IReadOnlyList<ReportedStatus>> Divide(IEnumerable<ReportedStatus> statuses)
    {
        var part = new List<ReportedStatus>();
        var bytes = 0;
        foreach (var status in statuses)
        {
            bytes += new StateChange.TaskObserve(status.TaskId, status.Status).EstimateSize();
            if (part.Count > 0 && bytes > BytesAtOnce)
            {
                yield return part;
                part = [];
                bytes = 0;
            }
            part.Add(status);
        }
        if (part.Count > 0)
        {
            yield return part;
        }
    }

    /// <summary>True when the description is to be committed. A node of an earlier version's state also gets its name so.</summary>
    public static bool IsNews(Node node, NodeDescription description) =>
        node.Description != description || (node.GivenName.Length == 0 && description.Hostname.Length > 0);

    /// <summary>The change of a description, with the name that its host name gives the node.</summary>
    public static StateChange Describe(ClusterState state, Node node, NodeDescription description, DateTimeOffset now) =>
        new StateChange.NodeDescriptionSet(node.Id, description, now, NodeNames.Rename(state, node, description.Hostname));

    /// <summary>A description whose texts have limited lengths.</summary>
    /// <exception cref="SwarmException">InvalidText: a text has a control character.</exception>
    public static NodeDescription Read(V1.NodeDescription? description)
    {
        var read = ProtocolMapping.FromWire(description);
        NodeTexts.Validate(read);
        return BoundedDescription.Of(read);
    }
}
