using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;

namespace Swarm.Core.Orchestration.Reconcilers;

/// <summary>Keeps one task of a global service on every suitable node.</summary>
/// <remarks>Source: moby/swarmkit manager/orchestrator/global, with one difference: a task on a node that is down is left as it is instead
/// of
/// shut down. It is not replaced elsewhere, so when the node returns its tasks go on. A node that left does not return: its tasks have ended.</remarks>
internal sealed class GlobalReconciler(PlanContext plan, ServiceView view, SlotReconciler slots)
{
    public void Run(IReadOnlyCollection<string> nodeIds)
    {
        var updatable = new List<Slot>(view.Slots.Count);
        foreach (var slot in view.Slots)
        {
            if (plan.IsFull())
            {
                return;
            }
            if (Keep(slot, plan.State.FindNode(slot.NodeId!)))
            {
                updatable.Add(slot);
            }
        }
        AddMissing(nodeIds);
        new Updater(plan, view).Run(updatable);
        foreach (var slot in view.Slots)
        {
            slots.Promote(slot);
        }
    }

    /// <summary>Reconciles the tasks of one node. Returns whether an update may replace them.</summary>
    private bool Keep(Slot slot, Node? node)
    {
        if (node is null)
        {
            // The slot is the node, so nobody will look for its history again.
            slots.EndAll(slot, TaskState.Remove);
            return false;
        }
        if (HasLeft(node) || node.Spec.Availability == NodeAvailability.Drain || !Suits(node))
        {
            slots.EndAll(slot, TaskState.Shutdown);
            return false;
        }
        if (node.Status.State == NodeState.Down || node.Spec.Availability == NodeAvailability.Pause)
        {
            // Such a node gets no new task, not even a restart. A start-first update that began on a paused node is still completed.
            foreach (var task in slot.Active)
            {
                if (SwarmTask.IsTerminal(task.Status.State))
                {
                    slot.Touched = true;
                    plan.End(task, TaskState.Shutdown);
                }
            }
            if (node.Status.State != NodeState.Down)
            {
                slots.EndSurplus(slot);
            }
            return false;
        }
        slots.Heal(slot);
        if (slot.NewestActive is null && !slot.Touched && !view.IsFinished(slot) && TakesNew(node))
        {
            Add(slot);
        }
        return true;
    }

    private void AddMissing(IReadOnlyCollection<string> nodeIds)
    {
        var known = 0;
        foreach (var nodeId in nodeIds)
        {
            while (known < view.Slots.Count && string.CompareOrdinal(view.Slots[known].NodeId, nodeId) < 0)
            {
                known++;
            }
            if (known < view.Slots.Count && view.Slots[known].NodeId == nodeId)
            {
                continue;
            }
            if (plan.State.FindNode(nodeId) is { } node && TakesNew(node) && Suits(node) && !plan.IsFull())
            {
                Add(new Slot(0, nodeId));
            }
        }
    }

    private void Add(Slot slot)
    {
        slot.Touched = true;
        plan.Create(view.Service, slot, waits: slot.Tasks.Exists(plan.IsStopping));
    }

    private bool HasLeft(Node node) => node.Status.HasLeft && plan.Options.Fault != InjectedFault.KeepTasksOfLeftNode;

    private bool Suits(Node node) => plan.MeetsConstraints(node, view.Service.Id, view.Service.Revision, view.Service.Spec);

    private static bool TakesNew(Node node) => node.Status.State == NodeState.Ready && node.Spec.Availability == NodeAvailability.Active;
}
