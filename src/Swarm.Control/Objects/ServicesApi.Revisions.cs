using System.Globalization;
using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Reading;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

public partial class ServicesApi
{
    public override async Task ListServiceRevisions(
        V1.ListServiceRevisionsRequest request,
        IServerStreamWriter<V1.ServiceRevision> responseStream,
        ServerCallContext context
    )
    {
        await objects.RequireLeaderAsync(context.CancellationToken);
        foreach (var service in SelectServices(request.Selectors))
        {
            var (kept, running) = objects.Store.Read(state =>
                (
                    state.RevisionsOf(service.Id),
                    state
                        .TasksOfService(service.Id)
                        .Where(static t => t is { IsLive: true, Status.State: TaskState.Running })
                        .CountBy(static t => t.Revision)
                        .ToDictionary()
                )
            );
            foreach (var revision in Revisions(service, kept, running))
            {
                await responseStream.SendAsync(revision, context);
            }
        }
    }

    public override async Task<V1.UpdateServiceResponse> RollbackService(V1.RollbackServiceRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        if (request.DryRun)
        {
            var preview = await objects.PreviewAsync(
                state =>
                {
                    var service = Selectors.Service(state, request.Selector);
                    return ServicePlanner.PreviewRollback(state, service, RequireRevision(state, service, request.ToRevision), objects.Now);
                },
                cancellation
            );
            return new V1.UpdateServiceResponse { Preview = preview };
        }
        var rolledBack = await objects.ExecuteAsync(
            request.RequestId,
            state =>
            {
                var service = Selectors.Service(state, request.Selector);
                var number = RequireRevision(state, service, request.ToRevision);
                return new CommandChanges(ServiceChanges.Rollback(state, service, number, objects.Now), service.Id);
            },
            SwarmObjects.ServiceOrVanished,
            cancellation
        );
        return new V1.UpdateServiceResponse { Service = rolledBack };
    }

    private static IEnumerable<V1.ServiceRevision> Revisions(
        Service service,
        IReadOnlyList<ServiceRevision> kept,
        Dictionary<ulong, int> running
    )
    {
        ServiceSpec? before = null;
        foreach (var revision in kept.OrderBy(static r => r.Number))
        {
            var wire = new V1.ServiceRevision
            {
                ServiceId = service.Id,
                ServiceName = service.Spec.Name,
                Number = revision.Number,
                CreatedAt = ProtocolMapping.ToWire(revision.CreatedAt),
                Spec = ProtocolMapping.ToWire(revision.Spec),
                Current = revision.Number == service.Revision,
                RunningTasks = (ulong)running.GetValueOrDefault(revision.Number),
            };
            if (before is not null)
            {
                wire.Changes.AddRange(SpecProperties.Compare(before, revision.Spec));
            }
            before = revision.Spec;
            yield return wire;
        }
    }

    private static ulong RequireRevision(ClusterState state, Service service, ulong wanted)
    {
        var name = service.Spec.Name;
        var number = wanted == 0 ? ServiceChanges.PreviousRevision(state, service) : wanted;
        if (number == 0)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "NoPreviousRevision",
                $"service {name} does not have a previous spec",
                name,
                "There is nothing to go back to: it was never updated."
            );
        }
        if (number == service.Revision)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "RevisionIsCurrent",
                $"service {name} is at revision {number} already",
                name,
                "Get-SwarmServiceRevision lists the others."
            );
        }
        if (state.FindRevision(service.Id, number) is null)
        {
            throw new SwarmException(
                SwarmErrorKind.NotFound,
                "RevisionNotFound",
                $"service {name} has no revision {number}",
                number.ToString(CultureInfo.InvariantCulture),
                "Get-SwarmServiceRevision lists those that are kept."
            );
        }
        return number;
    }
}
