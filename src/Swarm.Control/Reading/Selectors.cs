using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Control.Reading;

/// <summary>Resolves a user's name of an object: its id, its name, or the beginning of its id if no other id begins so. In this order, as
/// in Docker.</summary>
public static class Selectors
{
    public static Service Service(ClusterState state, string selector)
    {
        RequireText(selector, "service", "ServiceNotFound");
        return FindService(state, selector)
            ?? throw NotFound("service", "ServiceNotFound", selector, "Get-SwarmService lists the services.");
    }

    public static Node Node(ClusterState state, string selector)
    {
        RequireText(selector, "node", "NodeNotFound");
        if (state.FindNode(selector) is { } node)
        {
            return node;
        }
        var named = state.Nodes.Where(n => n.Name == selector).ToList();
        return named switch
        {
            [var one] => one,
            [] => ByPrefix(state.Nodes, n => n.Id, n => n.Name, selector, "node")
                ?? throw NotFound("node", "NodeNotFound", selector, "Get-SwarmNode lists the nodes."),
            _ => throw Ambiguous("node", selector, named.Select(n => n.Id)),
        };
    }

    /// <summary>A task by id, container name, name (the newest of its slot that is to run, else the newest) or id prefix.</summary>
    public static SwarmTask Task(ClusterState state, string selector) => Tasks(state, selector)[0];

    /// <summary>Every task of a selector: a single task by id or container name, all tasks of a slot by name.</summary>
    public static IReadOnlyList<SwarmTask> Tasks(ClusterState state, string selector)
    {
        RequireText(selector, "task", "TaskNotFound");
        var found = FindTasks(state, selector);
        return found.Count > 0 ? found : throw NotFound("task", "TaskNotFound", selector, "Get-SwarmTask lists the tasks.");
    }

    /// <summary>The tasks that <paramref name="include"/> takes of those that a name means; where there are none, all of the service that it means.</summary>
    /// <param name="state">Applied state.</param>
    /// <param name="name">A task's or a service's name, id or unique id prefix.</param>
    /// <param name="include">Not asked about the tasks of a service.</param>
    /// <exception cref="SwarmException">TaskNotFound, AmbiguousSelector.</exception>
    public static IReadOnlyCollection<SwarmTask> TasksOrServices(ClusterState state, string name, Func<SwarmTask, bool> include)
    {
        if (name.Length > 0)
        {
            var named = FindTasks(state, name).Where(include).ToList();
            if (named.Count > 0)
            {
                return named;
            }
            if (FindService(state, name) is { } service)
            {
                return state.TasksOfService(service.Id);
            }
        }
        throw new SwarmException(
            SwarmErrorKind.NotFound,
            "TaskNotFound",
            $"There is no task '{name}', and no service of that name.",
            name,
            "Get-SwarmTask lists them."
        );
    }

    /// <summary>The name of a task's service, also of one that was removed while its tasks stop.</summary>
    public static string ServiceNameOf(ClusterState state, SwarmTask task) =>
        state.FindService(task.ServiceId)?.Spec.Name ?? state.FindRevision(task.ServiceId, task.Revision)?.Spec.Name ?? task.ServiceId;

    private static Service? FindService(ClusterState state, string selector) =>
        state.FindService(selector)
        ?? state.FindServiceByName(selector)
        ?? ByPrefix(state.Services, s => s.Id, s => s.Spec.Name, selector, "service");

    private static List<SwarmTask> FindTasks(ClusterState state, string selector)
    {
        if (state.FindTask(selector) is { } task)
        {
            return [task];
        }
        var named = Named(state, selector);
        return named.Count > 0 ? named
            : ByPrefix(state.Tasks, t => t.Id, t => t.Id, selector, "task") is { } found ? [found]
            : [];
    }

    private static List<SwarmTask> Named(ClusterState state, string name)
    {
        // A service name may contain dots, so every dot may be the one before the slot.
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            if (state.FindServiceByName(name[..dot]) is not { } service)
            {
                continue;
            }
            var found = state
                .TasksOfService(service.Id)
                .Where(t => TaskNames.NameOf(t, service.Spec.Name) == name || TaskNames.ContainerNameOf(t, service.Spec.Name) == name)
                .OrderBy(t => t.DesiredState > TaskState.Running)
                .ThenByDescending(t => t.Ordinal)
                .ThenByDescending(t => t.CreatedAt)
                .ThenBy(t => t.Id, StringComparer.Ordinal)
                .ToList();
            if (found.Count > 0)
            {
                return found;
            }
        }
        return [];
    }

    private static T? ByPrefix<T>(IEnumerable<T> objects, Func<T, string> id, Func<T, string> name, string prefix, string kind)
        where T : class
    {
        var found = objects.Where(o => id(o).StartsWith(prefix, StringComparison.Ordinal)).Take(10).ToList();
        return found switch
        {
            [] => null,
            [var one] => one,
            _ => throw Ambiguous(kind, prefix, found.Select(o => id(o) == name(o) ? id(o) : $"{id(o)} ({name(o)})")),
        };
    }

    private static SwarmException Ambiguous(string kind, string selector, IEnumerable<string> candidates) =>
        new(
            SwarmErrorKind.InvalidArgument,
            "AmbiguousSelector",
            $"{kind} {selector} is ambiguous: {string.Join(", ", candidates.Order(StringComparer.Ordinal))}",
            selector,
            "Give the whole id."
        );

    private static SwarmException NotFound(string kind, string errorId, string selector, string action) =>
        new(SwarmErrorKind.NotFound, errorId, $"{kind} {selector} not found", selector, action);

    private static void RequireText(string selector, string kind, string errorId)
    {
        if (selector.Length == 0)
        {
            throw NotFound(kind, errorId, "''", "Give a name or an id.");
        }
    }
}
