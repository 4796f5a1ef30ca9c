using Grpc.Core;
using Swarm.Control.Reading;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Core.Validation;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

public partial class ServicesApi
{
    public override async Task<V1.ScaleServicesResponse> ScaleServices(V1.ScaleServicesRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        foreach (var scale in request.Services)
        {
            ServiceSpecValidation.ValidateReplicas(scale.Replicas, scale.Selector);
        }
        await objects.RequireLeaderAsync(cancellation);
        var response = new V1.ScaleServicesResponse();
        if (request.DryRun)
        {
            response.Preview = await objects.PreviewAsync(
                state =>
                {
                    var actions = new List<PlannedAction>();
                    foreach (var (service, replicas) in SelectScales(state, request))
                    {
                        var spec = service.Spec with { Mode = new ServiceMode.Replicated(replicas) };
                        actions.AddRange(ServicePlanner.PreviewUpdate(state, service, spec, objects.Now));
                        // The next one sees the room that this one takes or leaves.
                        state.Apply(ServiceChanges.Update(state, service, spec, null, objects.Now), state.Index + 1);
                    }
                    return actions;
                },
                cancellation
            );
            return response;
        }
        var scaled = await objects.ExecuteAsync(
            request.RequestId,
            state =>
            {
                var changes = new List<StateChange>();
                var ids = new List<string>();
                foreach (var (service, replicas) in SelectScales(state, request))
                {
                    ids.Add(service.Id);
                    var mode = new ServiceMode.Replicated(replicas);
                    if (service.Spec.Mode != mode)
                    {
                        // A new spec with the number of the current revision: scale makes no revision and leaves an update as it is.
                        changes.AddRange(ServiceChanges.Update(state, service, service.Spec with { Mode = mode }, null, objects.Now));
                    }
                }
                return new CommandChanges(changes, string.Join(',', ids));
            },
            static (state, ids) =>
                ids.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => SwarmObjects.ServiceOrVanished(state, id)).ToList(),
            cancellation
        );
        response.Services.AddRange(scaled);
        return response;
    }

    private static List<(Service Service, ulong Replicas)> SelectScales(ClusterState state, V1.ScaleServicesRequest request)
    {
        var scales = new List<(Service Service, ulong Replicas)>();
        foreach (var scale in request.Services)
        {
            var service = Selectors.Service(state, scale.Selector);
            if (service.Spec.Mode is not ServiceMode.Replicated)
            {
                throw new SwarmException(
                    SwarmErrorKind.FailedPrecondition,
                    "NotReplicated",
                    $"{service.Spec.Name}: scale can only be used with replicated mode",
                    service.Spec.Name,
                    "A global service has one task on every node that fits; use constraints to choose the nodes."
                );
            }
            if (scales.Exists(s => s.Service.Id == service.Id))
            {
                throw ServiceSpecValidation.Refuse(
                    "DuplicateService",
                    $"Service {service.Spec.Name} is named twice.",
                    service.Spec.Name,
                    "Name each service once."
                );
            }
            scales.Add((service, (ulong)scale.Replicas));
        }
        return scales;
    }
}
