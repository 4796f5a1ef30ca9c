using Swarm.Core.Model;

namespace Swarm.Core.Orchestration.Planning;

/// <summary>A service with its tasks by slot, for the duration of one plan.</summary>
internal sealed class ServiceView
{
    private readonly PlanContext _plan;
    private readonly Dictionary<ulong, (ServiceSpec? Spec, TemplateDifference Difference)> _revisions = [];

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

    /// <summary>True when the task does not match the service's current spec and has to be replaced.</summary>
    /// <remarks>When only placement has changed, a task stays if its node still satisfies the constraints. Source: IsTaskDirty in
    /// moby/swarmkit manager/orchestrator/task.go.</remarks>
    public bool IsDirty(SwarmTask task)
    {
        if (task.Revision == Service.Revision)
        {
            return false;
        }
        return Revision(task.Revision).Difference switch
        {
            TemplateDifference.None => false,
            TemplateDifference.PlacementOnly => _plan.NodeOf(task) is not { } node
                || !_plan.MeetsConstraints(node, Service.Id, Service.Revision, Service.Spec),
            _ => true,
        };
    }

    /// <summary>True when the slot runs no task and never will: its last task has ended and is not restarted.</summary>
    public bool IsFinished(Slot slot) =>
        slot.NewestActive is null
        && slot.Newest is { DesiredState: < TaskState.Remove } newest
        && !RestartRules.IsReplaced(newest, slot, RestartPolicyOf(newest));

    private (ServiceSpec? Spec, TemplateDifference Difference) Revision(ulong number)
    {
        if (!_revisions.TryGetValue(number, out var revision))
        {
            var spec = number == Service.Revision ? Service.Spec : _plan.State.FindRevision(Service.Id, number)?.Spec;
            _revisions[number] = revision = (spec, TaskTemplates.Compare(spec, Service.Spec));
        }
        return revision;
    }
}
