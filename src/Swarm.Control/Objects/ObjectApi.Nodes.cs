using System.Runtime.CompilerServices;
using Swarm.Control.Planes;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

public sealed partial class ObjectApi
{
    public async IAsyncEnumerable<V1.Node> ListNodesAsync(
        V1.ListNodesRequest request,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await RequireLeaderAsync(cancellation);
        var nodes = store.Read(state =>
        {
            List<Node> selected =
                request.Selectors.Count == 0
                    ? [.. state.Nodes.OrderBy(n => n.Name, StringComparer.Ordinal).ThenBy(n => n.Id, StringComparer.Ordinal)]
                    : [.. request.Selectors.Select(s => Selectors.Node(state, s)).Distinct()];
            return selected.ConvertAll(n => ToWire(n, state));
        });
        foreach (var node in nodes)
        {
            yield return node;
        }
    }

    public async Task<V1.UpdateNodeResponse> UpdateNodeAsync(V1.UpdateNodeRequest request, CancellationToken cancellation)
    {
        var labels = ValueMap.From(request.LabelsSet);
        ServiceSpecValidation.ValidateLabels(labels, "node");
        if (request.DryRun)
        {
            var preview = await PreviewAsync(
                    state =>
                    {
                        var node = Selectors.Node(state, request.Selector);
                        RequireVersion(request.Version, node.Version, "node", node.Name);
                        var spec = SpecAfter(state, node, request, labels);
                        // Labels come first: tasks that move because of them are shown together with the ones that the availability moves.
                        state.Apply(
                            [new StateChange.NodeSpecSet(node.Id, spec with { Availability = node.Spec.Availability }, Now)],
                            state.Index + 1
                        );
                        return ServicePlanner.PreviewNode(state, node.Id, spec.Availability, Now);
                    },
                    cancellation
                );
            return new V1.UpdateNodeResponse { Preview = preview };
        }
        var updated = await ExecuteAsync(
                request.RequestId,
                state =>
                {
                    var node = Selectors.Node(state, request.Selector);
                    RequireVersion(request.Version, node.Version, "node", node.Name);
                    var spec = SpecAfter(state, node, request, labels);
                    return spec == node.Spec
                        ? CommandChanges.None(node.Id)
                        : new CommandChanges([new StateChange.NodeSpecSet(node.Id, spec, Now)], node.Id);
                },
                (state, id) => state.FindNode(id) is { } node ? ToWire(node, state) : throw Vanished("node", "NodeNotFound", id),
                cancellation
            );
        return new V1.UpdateNodeResponse { Node = updated };
    }

    public async Task<V1.RemoveNodeResponse> RemoveNodeAsync(V1.RemoveNodeRequest request, CancellationToken cancellation)
    {
        if (request.DryRun)
        {
            var preview = await PreviewAsync(
                    state => ServicePlanner.PreviewNode(state, RequireRemovable(state, request).Id, null, Now),
                    cancellation
                );
            return new V1.RemoveNodeResponse { Preview = preview };
        }
        await ExecuteAsync(
                request.RequestId,
                state =>
                {
                    var node = RequireRemovable(state, request);
                    return new CommandChanges([new StateChange.NodeRemove(node.Id)], node.Id) { DependsOn = ["managers"] };
                },
                static (_, id) => id,
                cancellation
            );
        return new V1.RemoveNodeResponse();
    }

    private NodeSpec SpecAfter(ClusterState state, Node node, V1.UpdateNodeRequest request, ValueMap labelsSet)
    {
        var spec = node.Spec;
        var role = request.HasRole ? ProtocolMapping.FromWire(request.Role) : node.Role;
        if (role != node.Role && (!loop.CanChangeRoles || IsLastManager(state, role)))
        {
            throw RefuseRole(state, node, role);
        }
        var labels = spec.Labels;
        foreach (var name in request.LabelsRemoved)
        {
            if (!labels.ContainsKey(name))
            {
                throw new SwarmException(
                    SwarmErrorKind.NotFound,
                    "LabelNotFound",
                    $"node {node.Name} has no label {name}",
                    name,
                    "Get-SwarmNode shows the labels."
                );
            }
            labels = labels.Without(name);
        }
        return spec with
        {
            Labels = labelsSet.Count == 0 ? labels : ValueMap.From(labels.Concat(labelsSet)),
            Role = role,
            Availability = request.HasAvailability ? ProtocolMapping.FromWire(request.Availability) : spec.Availability,
        };
    }

    private static bool IsLastManager(ClusterState state, NodeRole role) =>
        role == NodeRole.Worker && state.Nodes.Count(n => n.Role == NodeRole.Manager) <= 1;

    private static SwarmException RefuseRole(ClusterState state, Node node, NodeRole role) =>
        IsLastManager(state, role)
            ? new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "LastManager",
                "attempting to demote the last manager of the swarm",
                node.Name,
                "A swarm needs a manager: promote another node first."
            )
            : new SwarmException(
                SwarmErrorKind.NotSupported,
                ControlPlaneLimits.OneManagerErrorId,
                $"node {node.Name} cannot become a manager: this version runs one manager in a swarm.",
                node.Name,
                "Leave the node a worker."
            );

    private static Node RequireRemovable(ClusterState state, V1.RemoveNodeRequest request)
    {
        var node = Selectors.Node(state, request.Selector);
        if (node.Role == NodeRole.Manager)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "NodeIsManager",
                $"node {node.Name} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal",
                node.Name,
                IsLastManager(state, NodeRole.Worker)
                    ? "To end the swarm, run Exit-Swarm -Force on it."
                    : "Demote it first: Set-SwarmNode -Role Worker."
            );
        }
        if (!request.Force && node.Status.State != NodeState.Down)
        {
            throw new SwarmException(
                SwarmErrorKind.FailedPrecondition,
                "NodeNotDown",
                $"node {node.Name} is not down and can't be removed",
                node.Name,
                "Run Exit-Swarm on it first, or use -Force."
            );
        }
        return node;
    }

    private V1.Node ToWire(Node node, ClusterState state)
    {
        var self = node.Id == options.NodeId;
        var wire = new V1.Node
        {
            Id = node.Id,
            Version = node.Version,
            CreatedAt = ProtocolMapping.ToWire(node.CreatedAt),
            UpdatedAt = ProtocolMapping.ToWire(node.UpdatedAt),
            Name = node.Name,
            Role = ProtocolMapping.ToWire(node.Role),
            Availability = ProtocolMapping.ToWire(node.Spec.Availability),
            State = ProtocolMapping.ToWire(node.Status.State),
            StateMessage = node.Status.Message,
            StateSince = ProtocolMapping.ToWire(node.Status.Since),
            Address = node.Status.Address,
            Description = ProtocolMapping.ToWire(node.Description),
            Self = self,
            Tasks = (uint)state.TasksOfNode(node.Id).Count(t => t.IsLive),
        };
        wire.Labels.Add(ProtocolMapping.ToDictionary(node.Spec.Labels));
        if (node.Role == NodeRole.Manager)
        {
            wire.ManagerStatus = new V1.ManagerStatus
            {
                Leader = self && log.IsLeader,
                Reachable = self || node.Status.State == NodeState.Ready,
                Address = self ? options.ClusterAddress : node.Status.Address,
            };
        }
        return wire;
    }
}
