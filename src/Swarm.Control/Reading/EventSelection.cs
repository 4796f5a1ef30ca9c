using Swarm.Core.Model;
using Swarm.Core.State;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Reading;

/// <summary>The events that a watcher asks for. Names and ids also mean objects that come later; the beginning of an id means an object that is
/// there when the watch begins.</summary>
internal sealed class EventSelection
{
    private readonly HashSet<string> _kinds;

    /// <summary>Names and ids; null: everything.</summary>
    private readonly HashSet<string>? _subjects;

    private EventSelection(HashSet<string> kinds, HashSet<string>? subjects) => (_kinds, _subjects) = (kinds, subjects);

    /// <summary>Called under the state's lock.</summary>
    /// <exception cref="Core.Errors.SwarmException">AmbiguousSelector.</exception>
    public static EventSelection Of(ClusterState state, V1.WatchEventsRequest request)
    {
        HashSet<string>? subjects = null;
        if (request.Selectors.Count > 0)
        {
            var known = Subject.OfEvents(state);
            subjects =
            [
                .. request.Selectors.Where(static s => s.Length > 0),
                // A name stays a name: an object that takes it later is meant as well.
                .. request.Selectors.Where(s => known.FindExact(s).Count == 0).SelectMany(known.Find).Select(static s => s.Id),
            ];
        }
        return new EventSelection([.. request.Kinds], subjects);
    }

    /// <summary>A service's name or id also means its tasks, a container's name its task.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="change">The change that it tells.</param>
    /// <param name="serviceNameOf">The name of a task's service.</param>
    public bool Includes(V1.Event happened, ChangedObject change, Func<SwarmTask, string> serviceNameOf)
    {
        if (_kinds.Count > 0 && !_kinds.Contains(happened.Kind))
        {
            return false;
        }
        if (_subjects is null || _subjects.Contains(happened.Id) || _subjects.Contains(happened.Name))
        {
            return true;
        }
        if (change is not ChangedObject.OfTask { } changed || (changed.After ?? changed.Before) is not { } task)
        {
            return false;
        }
        var service = serviceNameOf(task);
        return _subjects.Contains(task.ServiceId)
            || _subjects.Contains(service)
            || _subjects.Contains(TaskNames.ContainerNameOf(task, service));
    }
}
