using Swarm.Core.Model;
using Swarm.Core.Orchestration.Planning;

namespace Swarm.Core.Orchestration.Reconcilers;

/// <summary>Keeps a replicated service at its wanted number of slots.</summary>
internal sealed class ReplicatedReconciler(PlanContext plan, ServiceView view, SlotReconciler slots)
{
    public void Run(ulong replicas)
    {
        var occupied = new List<Slot>(view.Slots.Count);
        var vacant = new List<Slot>();
        foreach (var slot in view.Slots)
        {
            (slot.NewestActive is not null || view.IsFinished(slot) ? occupied : vacant).Add(slot);
        }
        if ((ulong)occupied.Count > replicas)
        {
            occupied = ScaleDown(occupied, (int)replicas);
        }
        foreach (var slot in occupied)
        {
            if (plan.IsFull())
            {
                return;
            }
            slots.Heal(slot);
        }
        Fill(occupied, vacant, replicas);
        foreach (var slot in vacant)
        {
            if (!slot.Touched && !plan.IsFull())
            {
                // Only the history of a slot that is no longer wanted.
                slots.EndAll(slot, TaskState.Remove);
            }
        }
        new Updater(plan, view).Run(occupied);
        foreach (var slot in occupied)
        {
            slots.Promote(slot);
        }
    }

    /// <summary>Removes the surplus and returns the slots that stay, in slot order.</summary>
    /// <remarks>Slots that do not run go first, then slots on the nodes with most tasks of the service, so that the rest is balanced.
    /// Among equals the highest slot number goes first. SwarmKit (manager/orchestrator/replicated/services.go) removes slots with several
    /// tasks or without a node first. It then goes by nodes, and a slot that does not run counts after the running ones of its node only.</remarks>
    private List<Slot> ScaleDown(List<Slot> occupied, int replicas)
    {
        var copies = new Dictionary<string, int>(StringComparer.Ordinal);
        var ranked = new List<(Slot Slot, int Copy)>(occupied.Count);
        foreach (var slot in occupied)
        {
            var copy = int.MaxValue;
            foreach (var task in slot.Active)
            {
                if (task is { NodeId: { } nodeId, Status.State: TaskState.Running } && !NodeHealth.IsInvalid(plan.State.FindNode(nodeId)))
                {
                    copy = copies[nodeId] = copies.GetValueOrDefault(nodeId) + 1;
                    break;
                }
            }
            ranked.Add((slot, copy));
        }
        ranked.Sort(static (a, b) => a.Copy != b.Copy ? a.Copy.CompareTo(b.Copy) : a.Slot.Number.CompareTo(b.Slot.Number));
        for (var i = replicas; i < ranked.Count; i++)
        {
            if (!plan.IsFull())
            {
                slots.EndAll(ranked[i].Slot, TaskState.Remove);
            }
        }
        var staying = ranked.GetRange(0, replicas).ConvertAll(r => r.Slot);
        staying.Sort(static (a, b) => a.Number.CompareTo(b.Number));
        return staying;
    }

    /// <summary>Adds tasks in the lowest free slots.</summary>
    private void Fill(List<Slot> occupied, List<Slot> vacant, ulong replicas)
    {
        var missing = replicas - (ulong)occupied.Count;
        var number = 0U;
        var nextOccupied = 0;
        var nextVacant = 0;
        while (missing > 0 && !plan.IsFull())
        {
            number++;
            while (nextOccupied < occupied.Count && occupied[nextOccupied].Number < number)
            {
                nextOccupied++;
            }
            if (nextOccupied < occupied.Count && occupied[nextOccupied].Number == number)
            {
                continue;
            }
            while (nextVacant < vacant.Count && vacant[nextVacant].Number < number)
            {
                nextVacant++;
            }
            var slot = nextVacant < vacant.Count && vacant[nextVacant].Number == number ? vacant[nextVacant] : new Slot(number, null);
            slot.Touched = true;
            plan.Create(view.Service, slot, waits: slot.Tasks.Exists(plan.IsStopping));
            missing--;
        }
    }
}
