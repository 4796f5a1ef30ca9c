using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Planes;
using Swarm.Control.Reading;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

/// <summary>The API's area of nodes, answered by the leading manager from applied state.</summary>
public partial class NodesApi(SwarmObjects objects) : V1.Nodes.NodesBase
{
    /// <summary>Nodes whose tasks are counted under one lock.</summary>
    private const int NodesAtOnce = 100;

    public override async Task ListNodes(
        V1.ListNodesRequest request,
        IServerStreamWriter<V1.Node> responseStream,
        ServerCallContext context
    )
    {
        await objects.RequireLeaderAsync(context.CancellationToken);
        var selected = objects.Store.Read<Node[]>(state =>
            request.Selectors.Count == 0 ? [.. state.Nodes] : [.. request.Selectors.Select(s => Selectors.Node(state, s)).Distinct()]
        );
        var ordered =
            request.Selectors.Count > 0
                ? selected
                : [.. selected.OrderBy(static n => n.Name, StringComparer.Ordinal).ThenBy(static n => n.Id, StringComparer.Ordinal)];
        foreach (var chunk in ordered.Chunk(NodesAtOnce))
        {
            var tasks = objects.Store.Read(state => Array.ConvertAll(chunk, n => LiveTasksOf(n, state)));
            foreach (var (node, count) in chunk.Zip(tasks))
            {
                await responseStream.SendAsync(ToWire(node, count), context);
            }
        }
    }

    public override async Task<V1.UpdateNodeResponse> UpdateNode(V1.UpdateNodeRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        var labels = ValueMap.From(request.LabelsSet);
        ServiceSpecValidation.ValidateLabels(labels, "node");
        if (request.DryRun)
        {
            var preview = await objects.PreviewAsync(
                state =>
                {
                    var node = Selectors.Node(state, request.Selector);
                    SwarmObjects.RequireVersion(request.Version, node.Version, "node", node.Name);
                    var spec = SpecAfter(state, node, request, labels);
                    // Labels come first: tasks that move because of them are shown together with the ones that the availability moves.
                    state.Apply(
                        [new StateChange.NodeSpecSet(node.Id, spec with { Availability = node.Spec.Availability }, objects.Now)],
                        state.Index + 1
                    );
                    return ServicePlanner.PreviewNode(state, node.Id, spec.Availability, objects.Now);
                },
                cancellation
            );
            return new V1.UpdateNodeResponse { Preview = preview };
        }
        var updated = await objects.ExecuteAsync(
            request.RequestId,
            state =>
            {
                var node = Selectors.Node(state, request.Selector);
                SwarmObjects.RequireVersion(request.Version, node.Version, "node", node.Name);
                var spec = SpecAfter(state, node, request, labels);
                return spec == node.Spec
                    ? CommandChanges.None(node.Id)
                    : new CommandChanges([new StateChange.NodeSpecSet(node.Id, spec, objects.Now)], node.Id);
            },
            (state, id) =>
                state.FindNode(id) is { } node
                    ? ToWire(node, LiveTasksOf(node, state))
                    : throw SwarmObjects.Vanished("node", "NodeNotFound", id),
            cancellation
        );
        return new V1.UpdateNodeResponse { Node = updated };
    }

    public override async Task<V1.RemoveNodeResponse> RemoveNode(V1.RemoveNodeRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        if (request.DryRun)
        {
            var preview = await objects.PreviewAsync(
                state => ServicePlanner.PreviewNode(state, RequireRemovable(state, request).Id, null, objects.Now),
                cancellation
            );
            return new V1.RemoveNodeResponse { Preview = preview };
        }
        await objects.ExecuteAsync(
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
        if (role != node.Role && (!objects.Orchestrator.CanChangeRoles || IsLastManager(state, role)))
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
        // Source: moby/swarmkit manager/controlapi/node.go, RemoveNode: only a node that is up.
        if (!request.Force && node.Status.State == NodeState.Ready)
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

    private static uint LiveTasksOf(Node node, ClusterState state) => (uint)state.TasksOfNode(node.Id).Count(static t => t.IsLive);

    private static string MessageOf(Node node) =>
        string.Join("; ", ((string?[])[node.Status.Message, NodeNames.Notice(node)]).Where(t => !string.IsNullOrEmpty(t)));

    /// <summary>The API's message about a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="tasks">Its live tasks.</param>
    protected virtual V1.Node ToWire(Node node, uint tasks)
    {
        var self = node.Id == objects.Options.NodeId();
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
            StateMessage = MessageOf(node),
            StateSince = ProtocolMapping.ToWire(node.Status.Since),
            Address = node.Status.Address,
            Description = ProtocolMapping.ToWire(node.Description),
            Self = self,
            Tasks = tasks,
        };
        wire.Labels.Add(ProtocolMapping.ToDictionary(node.Spec.Labels));
        if (node.Role == NodeRole.Manager)
        {
            wire.ManagerStatus = new V1.ManagerStatus
            {
                Leader = self && objects.Leadership.IsLeader,
                Reachable = self || node.Status.State == NodeState.Ready,
                Address = self ? objects.Options.ClusterAddress() : node.Status.Address,
            };
        }
        return wire;
    }
}
