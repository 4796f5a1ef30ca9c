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
        return NodeLimits.Bounded(read);
    }
}
