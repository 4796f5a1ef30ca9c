using Grpc.Core;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Manager.Leader;
using Swarm.Wire.Limits;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Manager.Dispatcher;

/// <summary>The first message of a session: the node's description, its address, and the tasks that it found again.</summary>
internal sealed class AgentRegistration
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    private readonly NodeDescription _description;
    private readonly string _address;
    private readonly List<IReadOnlyList<ReportedStatus>> _statuses;

    private AgentRegistration(V1.RegisterAgent message, DateTimeOffset now)
    {
        _description = StatusChecks.Read(message.Description);
        _statuses = [.. StatusChecks.Divide(StatusChecks.Read(message.Tasks, now))];
        _address = BoundedText.Cut(message.Address, NodeNames.Longest);
        NodeTexts.Validate("address", _address);
        TakesParts = message.TakesParts;
        TakesForwarding = message.TakesForwarding;
    }

    /// <summary>The agent understands a complete set in parts.</summary>
    public bool TakesParts { get; }

    /// <summary>The agent has a data plane.</summary>
    public bool TakesForwarding { get; }

    /// <summary>Statuses that do not fit into the batch of the node's return: they are committed before it, part by part. Only earlier agents
    /// send so many at once.</summary>
    public IEnumerable<IReadOnlyList<ReportedStatus>> Earlier => _statuses.Skip(1);

    /// <exception cref="SwarmException">RegisterFirst: another message came first, or none in time.</exception>
    public static async Task<AgentRegistration> ReadAsync(
        string nodeId,
        IAsyncStreamReader<V1.AgentMessage> requests,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        using var limit = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            if (await requests.MoveNext(either.Token) && requests.Current.Register is { } register)
            {
                return new AgentRegistration(register, time.GetUtcNow());
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The code below throws.
        }
        throw new SwarmException(
            SwarmErrorKind.InvalidArgument,
            "RegisterFirst",
            $"Node {nodeId} did not register: the first message of a session is RegisterAgent.",
            nodeId,
            "Send RegisterAgent first."
        );
    }

    /// <summary>The changes of the registration. The node's statuses are in the batch of its return, so that no plan sees one without the
    /// other.</summary>
    public IReadOnlyList<StateChange> Changes(ClusterState state, Node node, DateTimeOffset now)
    {
        var changes = new List<StateChange>();
        foreach (var (taskId, observed) in _statuses.FirstOrDefault() ?? [])
        {
            if (
                state.FindTask(taskId) is { } task
                && task.NodeId == node.Id
                && observed.State >= task.Status.State
                && observed != task.Status
            )
            {
                changes.Add(new StateChange.TaskObserve(taskId, observed, now));
            }
        }
        if (StatusChecks.IsNews(node, _description))
        {
            changes.Add(StatusChecks.Describe(state, node, _description, now));
        }
        var status = new NodeStatus
        {
            State = NodeState.Ready,
            Address = _address,
            Since = node.Status is { State: NodeState.Ready, HeldUntil: null } ? node.Status.Since : now,
        };
        if (node.Status != status)
        {
            changes.Add(new StateChange.NodeStatusSet(node.Id, status, now));
        }
        return changes;
    }
}
