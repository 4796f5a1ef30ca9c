using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent.Journal;

/// <summary>The specs that a journal holds: each once, with a number to which the tasks refer.</summary>
/// <remarks>A revision may come with another spec than before. It gets another number then.</remarks>
internal sealed class JournalSpecs
{
    private readonly Dictionary<(string ServiceId, ulong Revision), (V1.ServiceSpec Spec, ulong Id)> _latest = [];
    private ulong _last;

    /// <summary>Begins anew: the file is written as a whole.</summary>
    public void Clear() => _latest.Clear();

    /// <summary>The number of an assignment's spec; 0: it has none.</summary>
    /// <param name="assignment">With its spec.</param>
    /// <param name="isNew">The file does not hold it yet.</param>
    public ulong IdOf(V1.TaskAssignment assignment, out bool isNew)
    {
        isNew = false;
        if (assignment.Spec is not { } spec)
        {
            return 0;
        }
        var key = (assignment.ServiceId, assignment.Revision);
        if (_latest.TryGetValue(key, out var known) && (ReferenceEquals(known.Spec, spec) || known.Spec.Equals(spec)))
        {
            // Every session brings objects of its own. The next comparison is by reference again.
            _latest[key] = (spec, known.Id);
            return known.Id;
        }
        isNew = true;
        _latest[key] = (spec, ++_last);
        return _last;
    }

    /// <summary>The file holds a spec under this number.</summary>
    public void Know(ulong id) => _last = Math.Max(_last, id);

    /// <summary>The file holds this assignment's spec under this number.</summary>
    public void Know(V1.TaskAssignment assignment, ulong id)
    {
        Know(id);
        if (assignment.Spec is { } spec)
        {
            _latest[(assignment.ServiceId, assignment.Revision)] = (spec, id);
        }
    }
}
