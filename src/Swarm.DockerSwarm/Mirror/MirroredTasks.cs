using Swarm.Core.Model;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>Which version of each task the state shows, and how often slots were restarted. What a look reads counts once it is applied: a look that fails in between
/// leaves the rest to the next one.</summary>
internal sealed class MirroredTasks
{
    private readonly Dictionary<string, ulong> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<SlotKey, uint> _restarts = [];
    private readonly Dictionary<SlotKey, uint> _nextRestarts = [];

    /// <summary>A new look: what the last one counted and the state never showed is forgotten.</summary>
    public void Begin() => _nextRestarts.Clear();

    public bool IsShown(string id) => _shown.ContainsKey(id);

    public bool IsShown(string id, ulong version) => _shown.TryGetValue(id, out var shown) && shown == version;

    /// <summary>The state shows this version from now on.</summary>
    public void Show(string id, ulong version) => _shown[id] = version;

    /// <summary>The state shows this task, new in it, from now on.</summary>
    public void Show(SwarmTask task, ulong version)
    {
        Show(task.Id, version);
        _restarts[SlotKey.Of(task.ServiceId, task.Slot, task.NodeId, task.Revision)] = task.RestartCount;
    }

    /// <summary>The state shows it no more.</summary>
    public void Remove(string id) => _shown.Remove(id);

    /// <summary>How many tasks of the slot there were before, as far as was seen: Docker does not show its own count.</summary>
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
