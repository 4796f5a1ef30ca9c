using Swarm.Wire.Limits;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>The service revisions that the manager has sent in one session. Fills in the specs of assignments from them.</summary>
/// <remarks>The manager counts in the same way. It sends a revision with the first task that refers to it, and again after no task did.
/// It also sends one again after the service's labels or ports changed. Earlier tasks keep the spec that they got.</remarks>
internal sealed class SessionRevisions
{
    private readonly Dictionary<(string ServiceId, ulong Number), V1.ServiceSpec> _specs = [];
    private readonly Dictionary<string, (string ServiceId, ulong Number)> _tasks = new(StringComparer.Ordinal);
    private readonly Dictionary<(string ServiceId, ulong Number), int> _references = [];

    /// <summary>Revisions that are kept.</summary>
    public int Count => _specs.Count;

    /// <summary>Fills in the specs of a set's assignments: one object for all tasks of a revision. Drops the revisions that no task refers to.</summary>
    /// <returns>Null, or why one assignment has no spec: the manager has not sent its revision.</returns>
    public string? Resolve(V1.AssignmentSet set)
    {
        if (set.Kind == V1.AssignmentSet.Types.Kind.Complete)
        {
            _specs.Clear();
            _tasks.Clear();
            _references.Clear();
        }
        // Looked at in the end: a set may bring a revision's next task and remove its last one.
        var touched = new HashSet<(string ServiceId, ulong Number)>();
        foreach (var revision in set.Revisions)
        {
            _specs[(revision.ServiceId, revision.Number)] = revision.Spec ?? new V1.ServiceSpec();
            touched.Add((revision.ServiceId, revision.Number));
        }
        string? problem = null;
        foreach (var assignment in set.Update)
        {
            var key = (assignment.ServiceId, assignment.Revision);
            // Never a spec of the assignment's own: that field is the agent's.
            assignment.Spec = _specs.GetValueOrDefault(key);
            if (assignment.Spec is null)
            {
                problem ??= Missing(assignment);
            }
            else
            {
                _references[key] = _references.GetValueOrDefault(key) + 1;
                LetGo(assignment.TaskId, touched);
                _tasks[assignment.TaskId] = key;
            }
        }
        foreach (var taskId in set.Remove)
        {
            LetGo(taskId, touched);
        }
        foreach (var key in touched)
        {
            if (_references.GetValueOrDefault(key) == 0)
            {
                _specs.Remove(key);
                _references.Remove(key);
            }
        }
        return problem;
    }

    /// <summary>Says that the revision of an assignment was not sent.</summary>
    public static string Missing(V1.TaskAssignment assignment) =>
        $"task {assignment.TaskId} refers to revision {assignment.Revision} of service {BoundedText.Cut(assignment.ServiceId, 100)}, which the manager has not sent";

    private void LetGo(string taskId, HashSet<(string ServiceId, ulong Number)> touched)
    {
        if (_tasks.Remove(taskId, out var key))
        {
            _references[key]--;
            touched.Add(key);
        }
    }
}
