using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Reading;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

/// <summary>The API's area of events, answered by the leading manager from what it applies.</summary>
public class EventsApi(SwarmObjects objects) : V1.Events.EventsBase
{
    /// <summary>Batches that may wait for a watcher before it is dropped as too slow.</summary>
    private const int BatchesForWatcher = 1024;

    private static readonly string[] EventKinds = ["node", "service", "task", "cluster"];

    public override async Task WatchEvents(
        V1.WatchEventsRequest request,
        IServerStreamWriter<V1.Event> responseStream,
        ServerCallContext context
    )
    {
        var cancellation = context.CancellationToken;
        foreach (var kind in request.Kinds)
        {
            if (!EventKinds.Contains(kind, StringComparer.Ordinal))
            {
                throw ServiceSpecValidation.Refuse(
                    "InvalidEventKind",
                    $"'{kind}' is not a kind of event.",
                    kind,
                    "Use node, service, task or cluster."
                );
            }
        }
        await objects.RequireLeaderAsync(cancellation);
        using var subscription = objects.Store.Subscribe(BatchesForWatcher, out _);
        var wanted = objects.Store.Read(state => EventSelection.Of(state, request));
        await foreach (var applied in subscription.ReadAllAsync(cancellation))
        {
            foreach (var change in applied.Changes)
            {
                if (ToEvent(change) is { } happened && wanted.Includes(happened, change, ServiceName))
                {
                    happened.Index = applied.Index;
                    happened.Time = ProtocolMapping.ToWire(objects.Now);
                    await responseStream.SendAsync(happened, context);
                }
            }
        }
    }

    private V1.Event? ToEvent(ChangedObject change) =>
        change switch
        {
            ChangedObject.OfCluster c => Event("cluster", c.Before, c.After, c.After.Id, Subject.ClusterName, ""),
            ChangedObject.OfNode c => Event(
                "node",
                c.Before,
                c.After,
                (c.After ?? c.Before)!.Id,
                (c.After ?? c.Before)!.Name,
                NodeDetail(c)
            ),
            ChangedObject.OfService c => Event(
                "service",
                c.Before,
                c.After,
                (c.After ?? c.Before)!.Id,
                (c.After ?? c.Before)!.Spec.Name,
                ServiceDetail(c)
            ),
            ChangedObject.OfTask c => Event(
                "task",
                c.Before,
                c.After,
                (c.After ?? c.Before)!.Id,
                TaskName((c.After ?? c.Before)!),
                TaskDetail(c)
            ),
            _ => null,
        };

    private static V1.Event Event(string kind, object? before, object? after, string id, string name, string detail) =>
        new()
        {
            Kind = kind,
            Action =
                before is null ? "create"
                : after is null ? "remove"
                : "update",
            Id = id,
            Name = name,
            Detail = detail,
        };

    private string TaskName(SwarmTask task) => TaskNames.NameOf(task, ServiceName(task));

    private string ServiceName(SwarmTask task) => objects.Store.Read(state => Selectors.ServiceNameOf(state, task));

    private static string NodeDetail(ChangedObject.OfNode change)
    {
        if (change.Before is not { } before || change.After is not { } after)
        {
            return "";
        }
        return Lines(
            (before.Status.State, after.Status.State, "status"),
            (before.Spec.Availability, after.Spec.Availability, "availability"),
            (before.Role, after.Role, "role"),
            (before.Spec.Labels, after.Spec.Labels, "labels"),
            (before.Status.Address, after.Status.Address, "address")
        );
    }

    private static string ServiceDetail(ChangedObject.OfService change)
    {
        if (change.Before is not { } before || change.After is not { } after)
        {
            return "";
        }
        var changes = SpecProperties.Compare(before.Spec, after.Spec);
        var status = Lines((before.UpdateStatus?.State ?? UpdateState.None, after.UpdateStatus?.State ?? UpdateState.None, "update"));
        return string.Join("; ", status.Length > 0 ? changes.Append(status) : changes);
    }

    private static string TaskDetail(ChangedObject.OfTask change)
    {
        if (change.Before is not { } before || change.After is not { } after)
        {
            return "";
        }
        var lines = Lines((before.Status.State, after.Status.State, "state"), (before.DesiredState, after.DesiredState, "desired state"));
        return after.Status.Error.Length > 0 && after.Status.Error != before.Status.Error ? $"{lines}; {after.Status.Error}" : lines;
    }

    private static string Lines(params (object Before, object After, string Name)[] properties) =>
        string.Join("; ", properties.Where(p => !p.Before.Equals(p.After)).Select(p => $"{p.Name}: {p.Before} -> {p.After}"));
}
