using Swarm.Core.Allocation;
using Swarm.Core.Credentials;
using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>The swarm's state with the indexes that the loops need. Changed only by <c>Apply</c>, in log order, on every manager.</summary>
/// <remarks>Not thread-safe: the daemon guards it. Its records are immutable, so a record that a reader holds stays valid.</remarks>
public sealed partial class ClusterState
{
    private readonly ClusterState? _origin;
    private readonly StateTable<Node> _nodes;
    private readonly StateTable<Service> _services;
    private readonly StateTable<string> _serviceIdsByName;
    private readonly StateTable<ServiceRevision[]> _revisions;
    private readonly StateTable<SwarmTask> _tasks;
    private readonly TaskIndex _tasksByService;
    private readonly TaskIndex _tasksByNode;
    private readonly List<ChangedObject> _forkChanges = [];
    private TaskStatus? _assigned;

    public ClusterState()
        : this(null) { }

    private ClusterState(ClusterState? origin)
    {
        _origin = origin;
        _nodes = new(origin?._nodes);
        _services = new(origin?._services);
        _serviceIdsByName = new(origin?._serviceIdsByName);
        _revisions = new(origin?._revisions);
        _tasks = new(origin?._tasks);
        _networks = new(origin?._networks);
        _networkIdsByName = new(origin?._networkIdsByName);
        _tasksByService = new(origin?._tasksByService, _tasks);
        _tasksByNode = new(origin?._tasksByNode, _tasks);
        _serviceIdsByPort = new(origin?._serviceIdsByPort);
        if (origin is null)
        {
            _pools = MakePools(NetworkPoolOrders.New);
        }
        else
        {
            Index = origin.Index;
            Cluster = origin.Cluster;
            Credentials = origin.Credentials;
            _nextPort = origin._nextPort;
            Changed += _forkChanges.Add;
        }
    }

    /// <summary>Index of the last applied batch; 0 before the first.</summary>
    public ulong Index { get; private set; }

    public Cluster? Cluster { get; private set; }

    /// <summary>The administrators' certificates.</summary>
    public CredentialSet Credentials { get; private set; } = CredentialSet.Empty;

    public IReadOnlyCollection<Node> Nodes => _nodes.Values;

    public IReadOnlyCollection<Service> Services => _services.Values;

    public IReadOnlyCollection<SwarmTask> Tasks => _tasks.Values;

    /// <summary>For a fork: it costs what it changes, however much the state holds.</summary>
    public bool IsFork => _origin is not null;

    /// <summary>The objects that were changed in a fork and in the forks that it was made of, in order. Empty for a state that is no fork.</summary>
    public IEnumerable<ChangedObject> ForkChanges => _origin is null ? [] : _origin.ForkChanges.Concat(_forkChanges);

    /// <summary>Called once for each object that a batch changed, in order, while the batch is being applied.</summary>
    public event Action<ChangedObject>? Changed;

    public Node? FindNode(string id) => _nodes.Find(id);

    public Service? FindService(string id) => _services.Find(id);

    public Service? FindServiceByName(string name) => _serviceIdsByName.Find(name) is { } id ? _services.Find(id) : null;

    public SwarmTask? FindTask(string id) => _tasks.Find(id);

    public ServiceRevision? FindRevision(string serviceId, ulong number)
    {
        if (_revisions.Find(serviceId) is { } list)
        {
            for (var i = list.Length - 1; i >= 0; i--)
            {
                if (list[i].Number == number)
                {
                    return list[i];
                }
            }
        }
        return null;
    }

    /// <summary>The spec that a new task of a revision gets: labels and ports are the service's of this moment, all else is the revision's.
    /// Null: the revision is not kept.</summary>
    public ServiceSpec? FindTaskSpec(string serviceId, ulong revision)
    {
        var own = FindRevision(serviceId, revision)?.Spec;
        return own is null || FindService(serviceId)?.Spec is not { } now || (now.Labels == own.Labels && now.Ports == own.Ports)
            ? own
            : own with
            {
                Labels = now.Labels,
                Ports = now.Ports,
            };
    }

    /// <summary>The kept revisions of a service, oldest first.</summary>
    public IReadOnlyList<ServiceRevision> RevisionsOf(string serviceId) => _revisions.Find(serviceId) ?? [];

    public IReadOnlyCollection<SwarmTask> TasksOfService(string serviceId) => _tasksByService.Of(serviceId);

    /// <summary>How many tasks, ended ones included, the service has.</summary>
    public int CountTasksOfService(string serviceId) => _tasksByService.CountOf(serviceId);

    public IReadOnlyCollection<SwarmTask> TasksOfNode(string nodeId) => _tasksByNode.Of(nodeId);

    /// <summary>Applies one committed batch. The same batches in the same order give the same state, everywhere.</summary>
    /// <exception cref="InvalidOperationException">A change is of a kind that this version does not know. The state is of no use any
    /// more.</exception>
    public void Apply(IReadOnlyList<StateChange> batch, ulong index)
    {
        Index = index;
        foreach (var change in batch)
        {
            Apply(change);
        }
    }

    /// <summary>A state that begins as this one is now, and shares its records and indexes: only what is changed in it is its own. Valid while this one is not
    /// changed.</summary>
    public ClusterState Fork() => new(this);

    /// <summary>The whole state as lists of its immutable records, in id order.</summary>
    public StateSnapshot Capture() =>
        new()
        {
            Index = Index,
            Cluster = Cluster,
            Nodes = [.. _nodes.Values.OrderBy(n => n.Id, StringComparer.Ordinal)],
            Services = [.. _services.Values.OrderBy(s => s.Id, StringComparer.Ordinal)],
            Revisions = [.. _revisions.Pairs.OrderBy(r => r.Key, StringComparer.Ordinal).SelectMany(r => r.Value)],
            Tasks = [.. _tasks.Values.OrderBy(t => t.Id, StringComparer.Ordinal)],
            Networks = [.. _networks.Values.OrderBy(n => n.Id, StringComparer.Ordinal)],
            Pools = SharedPools.Capture(),
            Requests = [.. RequestsInOrder],
            Credentials = Credentials.Issued,
            RevokedNames = Credentials.RevokedNames,
            CredentialsForgottenUntil = Credentials.ForgottenUntil,
            NextPort = _nextPort,
        };

    /// <summary>Replaces everything with the contents of a snapshot. Raises no <see cref="Changed"/>: observers must start
    /// afresh.</summary>
    public void Restore(StateSnapshot snapshot)
    {
        if (IsFork)
        {
            throw new InvalidOperationException("A fork has its origin's state.");
        }
        _nodes.Clear();
        _services.Clear();
        _serviceIdsByName.Clear();
        _serviceIdsByPort.Clear();
        _nextPort = snapshot.NextPort;
        _revisions.Clear();
        _tasks.Clear();
        _tasksByService.Clear();
        _tasksByNode.Clear();
        _requests.Clear();
        _requestOrder.Clear();
        Index = snapshot.Index;
        Cluster = snapshot.Cluster;
        Credentials = new CredentialSet(snapshot.Credentials, snapshot.RevokedNames, snapshot.CredentialsForgottenUntil);
        foreach (var node in snapshot.Nodes)
        {
            _nodes.Set(node.Id, node);
        }
        foreach (var service in snapshot.Services)
        {
            _services.Set(service.Id, service);
            _serviceIdsByName.Set(service.Spec.Name, service.Id);
            ClaimPorts(service.Id, service.Ports);
        }
        foreach (var revision in snapshot.Revisions)
        {
            AddRevision(revision);
        }
        foreach (var task in snapshot.Tasks)
        {
            Put(null, WithSharedIds(task));
        }
        RestoreNetworks(snapshot);
        foreach (var request in snapshot.Requests)
        {
            Record(request);
        }
    }

    private void Apply(StateChange change)
    {
        switch (change)
        {
            case StateChange.ClusterSet c:
                ChangeCluster(c.Cluster with { Version = Index });
                break;
            case StateChange.NodeCreate c:
                ChangeNode(null, WithFreeNumber(c.Node with { Version = Index }));
                break;
            case StateChange.NodeNumberSet c when FindNode(c.NodeId) is { Number: 0 } node && OwnPools.TryHoldNodeNumber(c.Number):
                ChangeNode(node, node with { Number = c.Number, Version = Index });
                break;
            case StateChange.NodeSpecSet c when FindNode(c.NodeId) is { } node:
                ChangeNode(node, node with { Spec = c.Spec, UpdatedAt = c.At, Version = Index });
                break;
            case StateChange.NodeStatusSet c when FindNode(c.NodeId) is { } node:
                ChangeNode(node, node with { Status = c.Status, UpdatedAt = c.At, Version = Index });
                break;
            case StateChange.NodeDescriptionSet c when FindNode(c.NodeId) is { } node:
                var named = c.Name is null ? node : NodeNames.With(node, c.Name);
                ChangeNode(node, named with { Description = c.Description, UpdatedAt = c.At, Version = Index });
                break;
            case StateChange.NodeRoleSet c when FindNode(c.NodeId) is { } node:
                ChangeNode(node, node with { Role = c.Role, UpdatedAt = c.At, Version = Index });
                break;
            case StateChange.NodeRemove c when FindNode(c.NodeId) is { } node:
                RemoveNode(node);
                break;
            case StateChange.NetworkCreate c when FindNetwork(c.Network.Id) is null && !_networkIdsByName.Contains(c.Network.Spec.Name):
                CreateNetwork(c.Network with { Version = Index });
                break;
            case StateChange.NetworkRemove c when FindNetwork(c.NetworkId) is { } network:
                RemoveNetwork(network);
                break;
            case StateChange.ServiceCreate c when !_serviceIdsByName.Contains(c.Service.Spec.Name):
                AddRevision(
                    new ServiceRevision
                    {
                        ServiceId = c.Service.Id,
                        Number = c.Service.Revision,
                        CreatedAt = c.Service.CreatedAt,
                        Spec = c.Service.Spec,
                        RegistryCredential = c.RegistryCredential,
                    }
                );
                _serviceIdsByName.Set(c.Service.Spec.Name, c.Service.Id);
                ChangeService(null, c.Service with { Version = Index, Ports = PublishPorts(c.Service.Id, c.Service.Spec.Ports, []) });
                break;
            case StateChange.ServiceSpecSet c when FindService(c.ServiceId) is { } service:
                SetSpec(service, c);
                break;
            case StateChange.ServiceUpdateStatusSet c when FindService(c.ServiceId) is { } service && !IsSuperseded(c.Status, service):
                ChangeService(service, service with { UpdateStatus = c.Status, UpdatedAt = c.At, Version = Index });
                break;
            case StateChange.ServiceRemove c when _services.Remove(c.ServiceId, out var service):
                _serviceIdsByName.Remove(service.Spec.Name, out _);
                ReleasePorts(service.Id, service.Ports);
                Changed?.Invoke(new ChangedObject.OfService(service, null));
                // The tasks may still be stopping on their nodes: the agents need the revisions until the last of them is gone.
                DropRevisionsOfRemovedService(c.ServiceId);
                break;
            case StateChange.RevisionRemove c when _revisions.Find(c.ServiceId) is { } revisions:
                _revisions.Set(c.ServiceId, Array.FindAll(revisions, r => r.Number != c.Number));
                break;
            case StateChange.TaskCreate c when !_tasks.Contains(c.Task.Id):
                ChangeTask(null, WithSharedIds(c.Task));
                break;
            case StateChange.TaskAssign c when FindTask(c.TaskId) is { } task && task.Status.State < TaskState.Assigned:
                ChangeTask(
                    task,
                    task with
                    {
                        NodeId = FindNode(c.NodeId)?.Id ?? c.NodeId,
                        Status = AssignedAt(c.At),
                        Pending = null,
                        Ports = c.Ports,
                    }
                );
                break;
            case StateChange.TaskDesire c when FindTask(c.TaskId) is { } task && c.DesiredState > task.DesiredState:
                ChangeTask(task, task with { DesiredState = c.DesiredState });
                break;
            case StateChange.TaskObserve c
                when FindTask(c.TaskId) is { } task && c.Status.State >= task.Status.State && c.Status != task.Status:
                var learned = c.At ?? c.Status.Timestamp;
                ChangeTask(
                    task,
                    task with
                    {
                        Status = c.Status,
                        RunningSince = task.RunningSince ?? (c.Status.State == TaskState.Running ? learned : null),
                        EndedAt = task.EndedAt ?? (SwarmTask.IsTerminal(c.Status.State) ? learned : null),
                    }
                );
                break;
            case StateChange.TaskPendingSet c when FindTask(c.TaskId) is { } task:
                ChangeTask(task, task with { Pending = c.Reasons });
                break;
            case StateChange.TaskRemove c when _tasks.Find(c.TaskId) is { } task:
                Put(task, null);
                Changed?.Invoke(new ChangedObject.OfTask(task, null));
                DropRevisionsOfRemovedService(task.ServiceId);
                break;
            case StateChange.CredentialIssue c when Credentials.Find(c.Credential.SerialNumber) is null:
                ChangeCredentials(Credentials.Issue(c.Credential));
                break;
            case StateChange.CredentialRevoke c:
                ChangeCredentials(Credentials.Revoke(c.SerialNumber, c.At));
                break;
            case StateChange.CredentialNameRevoke c:
                ChangeCredentials(Credentials.RevokeName(c.Name, c.At));
                break;
            case StateChange.RequestRecord c:
                Record(c);
                break;
            case StateChange.NodeSpecSet
            or StateChange.NodeStatusSet
            or StateChange.NodeDescriptionSet
            or StateChange.NodeRoleSet
            or StateChange.NodeNumberSet
            or StateChange.NodeRemove
            or StateChange.NetworkCreate
            or StateChange.NetworkRemove
            or StateChange.ServiceCreate
            or StateChange.ServiceSpecSet
            or StateChange.ServiceUpdateStatusSet
            or StateChange.ServiceRemove
            or StateChange.RevisionRemove
            or StateChange.TaskCreate
            or StateChange.TaskAssign
            or StateChange.TaskDesire
            or StateChange.TaskObserve
            or StateChange.TaskPendingSet
            or StateChange.TaskRemove
            or StateChange.CredentialIssue:
                // The object of the change is gone, or there already: see StateChange.
                break;
            default:
                // A manager that passed it over would have another state than the managers that know it.
                throw new InvalidOperationException(
                    $"The state knows no change of the kind {change.GetType().Name}. Start a swarmd that is at least as new as the one that wrote the log."
                );
        }
    }

    /// <summary>Replaces the ids of changes from a log by shared strings: a million tasks must not keep copies of them.</summary>
    private SwarmTask WithSharedIds(SwarmTask task)
    {
        var serviceId = FindService(task.ServiceId)?.Id ?? task.ServiceId;
        var nodeId = task.NodeId is null ? null : FindNode(task.NodeId)?.Id ?? task.NodeId;
        return ReferenceEquals(serviceId, task.ServiceId) && ReferenceEquals(nodeId, task.NodeId)
            ? task
            : task with
            {
                ServiceId = serviceId,
                NodeId = nodeId,
            };
    }

    /// <summary>Tasks that one batch assigns share their status record.</summary>
    private TaskStatus AssignedAt(DateTimeOffset at)
    {
        if (_assigned is null || !_assigned.Timestamp.EqualsExact(at))
        {
            _assigned = new TaskStatus
            {
                State = TaskState.Assigned,
                Timestamp = at,
                Message = "scheduler assigned task to node",
            };
        }
        return _assigned;
    }

    /// <summary>Another update began after the status was worked out.</summary>
    private static bool IsSuperseded(UpdateStatus? status, Service service) =>
        status is not null && service.UpdateStatus is { } current && status.Number < current.Number;

    private void SetSpec(Service service, StateChange.ServiceSpecSet change)
    {
        var previous = service.PreviousRevision;
        if (change.Revision != service.Revision)
        {
            previous = service.Revision;
            if (FindRevision(service.Id, change.Revision) is null)
            {
                AddRevision(
                    new ServiceRevision
                    {
                        ServiceId = service.Id,
                        Number = change.Revision,
                        CreatedAt = change.At,
                        Spec = change.Spec,
                        RegistryCredential = change.RegistryCredential,
                    }
                );
            }
        }
        ChangeService(
            service,
            service with
            {
                Spec = change.Spec,
                Revision = change.Revision,
                PreviousRevision = previous,
                UpdateStatus = change.UpdateStatus,
                Ports = PublishPorts(service.Id, change.Spec.Ports, service.Ports),
                UpdatedAt = change.At,
                Version = Index,
            }
        );
    }

    private void AddRevision(ServiceRevision revision)
    {
        // Most services have few revisions: an array of exact size takes half as much memory as a list.
        _revisions.Set(revision.ServiceId, [.. _revisions.Find(revision.ServiceId) ?? [], revision]);
    }

    private void DropRevisionsOfRemovedService(string serviceId)
    {
        if (!_services.Contains(serviceId) && _tasksByService.CountOf(serviceId) == 0)
        {
            _revisions.Remove(serviceId, out _);
        }
    }

    private void ChangeCredentials(CredentialSet after)
    {
        var before = Credentials;
        Credentials = after;
        Changed?.Invoke(new ChangedObject.OfCredentials(before, after));
    }

    private void ChangeNode(Node? before, Node after)
    {
        _nodes.Set(after.Id, after);
        Changed?.Invoke(new ChangedObject.OfNode(before, after));
    }

    private void ChangeService(Service? before, Service after)
    {
        _services.Set(after.Id, after);
        Changed?.Invoke(new ChangedObject.OfService(before, after));
    }

    private void ChangeTask(SwarmTask? before, SwarmTask after)
    {
        Put(before, after);
        Changed?.Invoke(new ChangedObject.OfTask(before, after));
    }

    private void Put(SwarmTask? before, SwarmTask? after)
    {
        if (before is not null && IsFork && !_tasks.Overrides(before.Id))
        {
            // The indexes of a fork do not hold its origin's record.
            _tasksByService.Hide(before.ServiceId);
            if (before.NodeId is not null)
            {
                _tasksByNode.Hide(before.NodeId);
            }
            if (after is null)
            {
                _tasks.Remove(before.Id, out _);
                return;
            }
            before = null;
        }
        if (before is { NodeId: { } nodeBefore } && after?.NodeId != nodeBefore)
        {
            _tasksByNode.Remove(nodeBefore, before);
        }
        if (after is null)
        {
            _tasksByService.Remove(before!.ServiceId, before);
            _tasks.Remove(before.Id, out _);
            return;
        }
        _tasks.Set(after.Id, after);
        _tasksByService.Put(after.ServiceId, before, after);
        if (after.NodeId is not null)
        {
            _tasksByNode.Put(after.NodeId, before?.NodeId == after.NodeId ? before : null, after);
        }
    }
}
