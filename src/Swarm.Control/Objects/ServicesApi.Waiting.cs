using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Reading;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

public partial class ServicesApi
{
    /// <summary>The most tasks that one progress message lists.</summary>
    private const int TasksShown = 200;

    public override async Task WaitServices(
        V1.WaitServicesRequest request,
        IServerStreamWriter<V1.ServiceProgress> responseStream,
        ServerCallContext context
    )
    {
        var cancellation = context.CancellationToken;
        await objects.RequireLeaderAsync(cancellation);
        var waited = objects.Store.Read(state =>
            request.Selectors.Select(s => Select(state, s, request.Removed)).DistinctBy(s => s.Id).ToList()
        );
        var ids = waited.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        using var signal = objects.Store.Watch(change =>
            change switch
            {
                ChangedObject.OfTask c => ids.Contains((c.After ?? c.Before)!.ServiceId),
                ChangedObject.OfService c => ids.Contains((c.After ?? c.Before)!.Id),
                ChangedObject.OfNode => true,
                _ => false,
            }
        );
        var pace = new ProgressPace(objects.Store, signal);
        var last = new Dictionary<string, V1.ServiceProgress>(StringComparer.Ordinal);
        while (true)
        {
            objects.RequireStillLeading();
            var now = pace.Look(state => waited.ConvertAll(s => Progress(state, s, request.Removed)));
            foreach (var progress in now)
            {
                if (!last.TryGetValue(progress.ServiceId, out var before) || !progress.Equals(before))
                {
                    last[progress.ServiceId] = progress;
                    await responseStream.SendAsync(progress, context);
                }
            }
            if (now.TrueForAll(p => p.Converged || p.Stuck))
            {
                return;
            }
            await pace.NextAsync(cancellation);
        }
    }

    /// <summary>A service to wait for. A service that is being removed is still known by its tasks. The wait for a service that is gone has ended.</summary>
    private static Waited Select(ClusterState state, string selector, bool removed)
    {
        if (!removed || selector.Length == 0)
        {
            var service = Selectors.Service(state, selector);
            return new(service.Id, service.Spec.Name, false);
        }
        return Selectors.ServiceOrItsRest(state, selector) is { } known
            ? new(known.Id, known.Name, false)
            : new(selector, selector, Absent: true);
    }

    private readonly record struct Waited(string Id, string Name, bool Absent);

    private static V1.ServiceProgress Progress(ClusterState state, Waited waited, bool removed)
    {
        var (id, name, absent) = waited;
        var service = state.FindService(id);
        if (service is null && !removed)
        {
            throw new SwarmException(
                SwarmErrorKind.NotFound,
                "ServiceNotFound",
                $"service {name} not found: it was removed",
                name,
                "There is nothing left to wait for."
            );
        }
        var convergence = Convergence.OfService(state, id);
        var progress = new V1.ServiceProgress
        {
            ServiceId = id,
            ServiceName = name,
            Desired = convergence.Desired,
            Running = convergence.Running,
            UpdateStatus = ProtocolMapping.ToWire(service?.UpdateStatus),
            Converged = removed ? service is null && convergence.Converged : convergence.Converged,
            Stuck = !removed && convergence.Stuck,
            Message = convergence.Message,
            Reason = convergence.Reason,
            Updated = convergence.Updated,
            Absent = absent,
        };
        foreach (var (taskState, count) in convergence.ByState)
        {
            progress.States[taskState.ToString()] = (uint)count;
        }
        var tasks = state
            .TasksOfService(id)
            .Where(t => t.DesiredState <= TaskState.Running || (removed && !SwarmTask.IsTerminal(t.Status.State)))
            .OrderBy(t => t.Slot)
            .ThenBy(t => t.NodeId, StringComparer.Ordinal)
            .ThenBy(t => t.CreatedAt)
            .Take(TasksShown);
        foreach (var task in tasks)
        {
            progress.Tasks.Add(
                new V1.TaskProgress
                {
                    Name = TaskNames.NameOf(task, name),
                    State = ProtocolMapping.ToWire(task.Status.State),
                    NodeName = WireObjects.NodeName(state, task.NodeId),
                    Message = task.Status.Error.Length > 0 ? task.Status.Error : task.Status.Message,
                }
            );
        }
        return progress;
    }
}
