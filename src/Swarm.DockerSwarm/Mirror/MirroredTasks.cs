using Swarm.Core.Model;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>The version of each task that the state shows, and the restarts of slots. Data of a poll counts once it is applied; if a poll
/// fails in between, the next one does the rest.</summary>
internal sealed class MirroredTasks
{
    private readonly Dictionary<string, ulong> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<SlotKey, uint> _restarts = [];
    private readonly Dictionary<SlotKey, uint> _nextRestarts = [];

    /// <summary>Begins a new poll: counts of the last one that the state never showed are dropped.</summary>
    public void Begin() => _nextRestarts.Clear();

    public bool IsShown(string id) => _shown.ContainsKey(id);

    public bool IsShown(string id, ulong version) => _shown.TryGetValue(id, out var shown) && shown == version;

    /// <summary>Records that the state shows this version.</summary>
    public void Show(string id, ulong version) => _shown[id] = version;

    /// <summary>Records that the state shows this new task.</summary>
    public void Show(SwarmTask task, ulong version)
    {
        Show(task.Id, version);
        _restarts[SlotKey.Of(task.ServiceId, task.Slot, task.NodeId, task.Revision)] = task.RestartCount;
    }

    /// <summary>Removes a task that the state no longer shows.</summary>
    public void Remove(string id) => _shown.Remove(id);

    /// <summary>The number of earlier tasks of the slot that swarmd has seen: Docker does not show its own count.</summary>
    public uint RestartsBefore(string serviceId, uint slot, string? nodeId, ulong revision)
    {
        var key = SlotKey.Of(serviceId, slot, nodeId, revision);
        var before = _nextRestarts.TryGetValue(key, out var count) || _restarts.TryGetValue(key, out count) ? count + 1 : 0;
        _nextRestarts[key] = before;
        return before;
    }

    public void ForgetService(string serviceId)
    {
        foreach (var key in _restarts.Keys.Where(k => k.ServiceId == serviceId).ToList())
        {
            _restarts.Remove(key);
        }
    }

    public void Clear()
    {
        _shown.Clear();
        _restarts.Clear();
        _nextRestarts.Clear();
    }

    /// <param name="NodeId">Empty for replicated services.</param>
    private readonly record struct SlotKey(string ServiceId, uint Slot, string NodeId, ulong Revision)
    {
        public static SlotKey Of(string serviceId, uint slot, string? nodeId, ulong revision) =>
            new(serviceId, slot, slot > 0 ? "" : nodeId ?? "", revision);
    }
}
