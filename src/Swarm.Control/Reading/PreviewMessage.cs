using Swarm.Core.Orchestration;
using Swarm.Core.State;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Reading;

/// <summary>The message of a preview. Its size does not grow with the number of tasks: gRPC clients refuse messages of more than 4 MiB.</summary>
internal static class PreviewMessage
{
    /// <summary>The largest size in bytes of the actions that are listed one by one: half of the message that a client takes.</summary>
    public const int LargestSize = 2 * 1024 * 1024;

    /// <summary>The first actions one by one, the others as counts.</summary>
    public static V1.Preview Of(IReadOnlyList<PlannedAction> actions, ClusterState state)
    {
        var preview = new V1.Preview();
        var more = new SortedDictionary<PlannedActionKind, uint>();
        var room = LargestSize;
        foreach (var action in actions)
        {
            if (room > 0)
            {
                var message = Of(action, state);
                room -= message.CalculateSize() + 5; // tag and length
                if (room >= 0)
                {
                    preview.Actions.Add(message);
                    continue;
                }
            }
            more[action.Action] = more.GetValueOrDefault(action.Action) + 1;
        }
        preview.More.AddRange(more.Select(m => new V1.PreviewCount { Action = WordOf(m.Key), Count = m.Value }));
        return preview;
    }

    private static V1.PreviewAction Of(PlannedAction action, ClusterState state) =>
        new()
        {
            Action = WordOf(action.Action),
            TaskName = action.TaskName,
            TaskId = action.TaskId,
            NodeName = WireObjects.NodeName(state, action.NodeId),
            Detail = action.Detail,
        };

    private static string WordOf(PlannedActionKind kind) =>
        kind switch
        {
            PlannedActionKind.Create => "create",
            PlannedActionKind.Stop => "stop",
            PlannedActionKind.Keep => "keep",
            PlannedActionKind.Move => "move",
            PlannedActionKind.Remove => "remove",
            _ => throw new InvalidOperationException($"Unknown action {kind}."),
        };
}
