using System.Globalization;
using System.Runtime.CompilerServices;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

public sealed partial class ObjectApi
{
    public async IAsyncEnumerable<V1.ServiceRevision> ListServiceRevisionsAsync(
        V1.ListServiceRevisionsRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await RequireLeaderAsync(cancellation);
        var revisions = store.Read(state => SelectServices(state, request.Selectors).SelectMany(s => Revisions(state, s)).ToList());
        foreach (var revision in revisions)
        {
            yield return revision;
        }
    }

    public async Task<V1.UpdateServiceResponse> RollbackServiceAsync(V1.RollbackServiceRequest request, CancellationToken cancellation)
    {
        if (request.DryRun)
        {
            var preview = await PreviewAsync(
                    state =>
                    {
                        var service = Selectors.Service(state, request.Selector);
                        return ServicePlanner.PreviewRollback(state, service, RequireRevision(state, service, request.ToRevision), Now);
                    },
                    cancellation
                );
            return new V1.UpdateServiceResponse { Preview = preview };
        }
        var rolledBack = await ExecuteAsync(
                request.RequestId,
                state =>
                {
                    var service = Selectors.Service(state, request.Selector);
                    var number = RequireRevision(state, service, request.ToRevision);
                    return new CommandChanges(ServiceChanges.Rollback(state, service, number, Now), service.Id);
                },
                ServiceOrVanished,
                cancellation
            );
        return new V1.UpdateServiceResponse { Service = rolledBack };
    }

    private static IEnumerable<V1.ServiceRevision> Revisions(ClusterState state, Service service)
    {
        ServiceSpec? before = null;
        foreach (var revision in state.RevisionsOf(service.Id).OrderBy(r => r.Number))
        {
            var wire = new V1.ServiceRevision
            {
                ServiceId = service.Id,
                ServiceName = service.Spec.Name,
                Number = revision.Number,
                CreatedAt = ProtocolMapping.ToWire(revision.CreatedAt),
                Spec = ProtocolMapping.ToWire(revision.Spec),
                Current = revision.Number == service.Revision,
                RunningTasks = (ulong)
                    state
                        .TasksOfService(service.Id)
                        .Count(t => t.Revision == revision.Number && t is { IsLive: true, Status.State: TaskState.Running }),
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
        var number = wanted == 0 ? service.PreviousRevision : wanted;
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
