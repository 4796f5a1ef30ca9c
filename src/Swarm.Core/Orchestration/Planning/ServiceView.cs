using Swarm.Core.Model;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>A service with its tasks by slot, for the duration of one plan.</summary>
internal sealed class ServiceView
{
    private readonly PlanContext _plan;
    private readonly Dictionary<ulong, Known> _revisions = [];
    private ServiceRevision? _current;
    private HashSet<string>? _stranded;

    public ServiceView(PlanContext plan, Service service)
    {
        _plan = plan;
        Service = service;
        IsGlobal = service.Spec.Mode is ServiceMode.Global;
        var tasks = plan.State.TasksOfService(service.Id);
        if (IsGlobal)
        {
            var byNode = new SortedDictionary<string, Slot>(StringComparer.Ordinal);
            foreach (var task in tasks)
            {
                var nodeId = task.NodeId ?? "";
                if (!byNode.TryGetValue(nodeId, out var slot))
                {
                    byNode[nodeId] = slot = new Slot(0, nodeId);
                }
                slot.Tasks.Add(task);
            }
            Slots = [.. byNode.Values];
        }
        else
        {
            var bySlot = new Dictionary<uint, Slot>(tasks.Count);
            foreach (var task in tasks)
            {
                if (!bySlot.TryGetValue(task.Slot, out var slot))
                {
                    bySlot[task.Slot] = slot = new Slot(task.Slot, null);
                }
                slot.Tasks.Add(task);
            }
            Slots = [.. bySlot.Values];
            Slots.Sort(static (a, b) => a.Number.CompareTo(b.Number));
        }
        foreach (var slot in Slots)
        {
            if (slot.Tasks.Count > 1)
            {
                slot.Tasks.Sort(Slot.InOrder);
            }
        }
    }

    public Service Service { get; }
    public bool IsGlobal { get; }

    /// <summary>Slots that have tasks, in order of number or node id.</summary>
    public List<Slot> Slots { get; }

    /// <summary>The spec that defines the task; null when its revision is no longer kept.</summary>
    public ServiceSpec? SpecOf(SwarmTask task) => Revision(task.Revision).Spec;

    /// <summary>The restart policy that the task was made with.</summary>
    public RestartPolicy RestartPolicyOf(SwarmTask task) => (SpecOf(task) ?? Service.Spec).Restart;

    /// <summary>How the spec of the task differs from the service's.</summary>
    public TemplateDifference DifferenceOf(SwarmTask task) =>
        task.Revision == Service.Revision ? TemplateDifference.None : Revision(task.Revision).Difference;

    /// <summary>True when the task does not match the service's current spec and has to be replaced.</summary>
    /// <remarks>When only placement has changed, a task stays if its node still satisfies the constraints. Source: IsTaskDirty in
    /// moby/swarmkit manager/orchestrator/task.go. For a difference in the credential alone, see <see cref="Attempts"/>.</remarks>
    public bool IsDirty(SwarmTask task)
    {
        if (task.Revision == Service.Revision)
        {
            return false;
        }
        var revision = Revision(task.Revision);
        return revision.Difference switch
        {
            TemplateDifference.None => IsTakenUp(task, revision),
            TemplateDifference.PlacementOnly => _plan.NodeOf(task) is not { } node
                || !_plan.MeetsConstraints(node, Service.Id, Service.Revision, Service.Spec)
                || IsTakenUp(task, revision),
            _ => true,
        };
    }

    /// <summary>True when the slot runs no task and never will: its last task has ended and is not restarted.</summary>
    public bool IsFinished(Slot slot) =>
        slot.NewestActive is null
        && slot.Newest is { DesiredState: < TaskState.Remove } newest
        && !RestartRules.IsReplaced(newest, slot, RestartPolicyOf(newest));

    /// <summary>True for a task on a node that is down, when no node has room for its replacement. It stays, and goes on when its node is
    /// back. Global tasks are never replaced elsewhere.</summary>
    /// <remarks>Asked of a task, it decides about all of the service, so that it costs as much for one as for ten thousand.</remarks>
    public bool IsStranded(SwarmTask task) => !IsGlobal && _plan.IsAway(task) && (_stranded ??= FindStranded()).Contains(task.Id);

    /// <summary>The lowest slots get what room there is.</summary>
    private HashSet<string> FindStranded()
    {
        var stranded = new HashSet<string>(StringComparer.Ordinal);
        // A successor that has a node needs no other place.
        var slots = Slots.FindAll(s => !s.Touched && s.NewestActive is { } newest && !_plan.MayRun(newest) && s.Active.Any(_plan.IsAway));
        for (var i = _plan.ClaimPlaces(Service, slots.Count); i < slots.Count; i++)
        {
            stranded.UnionWith(slots[i].Active.Where(_plan.IsAway).Select(static t => t.Id));
        }
        return stranded;
    }

    private bool IsTakenUp(SwarmTask task, Known revision) =>
        _plan.Options.Fault != InjectedFault.IgnoreAttempts
        && Attempts.TakesUp(task, revision.Spec!.Restart, revision.OtherCredential, Current?.CreatedAt ?? DateTimeOffset.MinValue);

    private ServiceRevision? Current => _current ??= _plan.State.FindRevision(Service.Id, Service.Revision);

    private Known Revision(ulong number)
    {
        if (!_revisions.TryGetValue(number, out var known))
        {
            var isCurrent = number == Service.Revision;
            var kept = _plan.State.FindRevision(Service.Id, number);
            var spec = isCurrent ? Service.Spec : kept?.Spec;
            var otherCredential = !isCurrent && kept?.RegistryCredential != Current?.RegistryCredential;
            _revisions[number] = known = new Known(spec, TaskTemplates.Compare(spec, Service.Spec), otherCredential);
        }
        return known;
    }

    private readonly record struct Known(ServiceSpec? Spec, TemplateDifference Difference, bool OtherCredential);
}
