using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Control.Reading;

/// <summary>Resolves a user's names of a swarm's objects. <see cref="NamedObjects{T}"/> has the rule; here is what each kind is called.</summary>
public static class Selectors
{
    public static Service Service(ClusterState state, string selector)
    {
        RequireText(selector, "service", "ServiceNotFound");
        return Services(state).FindOne(selector)
            ?? throw NotFound("service", "ServiceNotFound", selector, "Get-SwarmService lists the services.");
    }

    public static Node Node(ClusterState state, string selector)
    {
        RequireText(selector, "node", "NodeNotFound");
        return new NamedObjects<Node>("node", state.Nodes, static n => n.Id, static n => n.Name) { ById = state.FindNode }.FindOne(selector)
            ?? throw NotFound("node", "NodeNotFound", selector, "Get-SwarmNode lists the nodes.");
    }

    /// <summary>A task by id, container name, name (the newest of its slot that is to run, else the newest) or id prefix.</summary>
    public static SwarmTask Task(ClusterState state, string selector) => Tasks(state, selector)[0];

    /// <summary>Every task of a selector: a single task by id or container name, all tasks of a slot by name.</summary>
    public static IReadOnlyList<SwarmTask> Tasks(ClusterState state, string selector)
    {
        RequireText(selector, "task", "TaskNotFound");
        var tasks = new NamedObjects<SwarmTask>("task", state.Tasks, static t => t.Id, t => TaskNames.NameOf(t, ServiceNameOf(state, t)))
        {
            ById = state.FindTask,
            ByName = name => TasksNamed(state, name),
        };
        // The beginning of a task's id may be a service's name by chance: the user means the service, and no other service's task.
        if (tasks.FindExact(selector) is { Count: 0 } && state.FindServiceByName(selector) is not null)
        {
            throw NotFound(
                "task",
                "TaskNotFound",
                selector,
                $"It is the name of a service: Get-SwarmTask -Service {selector} lists its tasks."
            );
        }
        var found = tasks.Find(selector);
        return found.Count > 0 ? found : throw NotFound("task", "TaskNotFound", selector, "Get-SwarmTask lists the tasks.");
    }

    /// <summary>The tasks that <paramref name="include"/> takes of those that a name means; where it means a service, all of that.</summary>
    /// <param name="state">Applied state.</param>
    /// <param name="name">A task's or a service's name, id or unique id prefix.</param>
    /// <param name="include">Not asked about the tasks of a service.</param>
    /// <exception cref="SwarmException">TaskNotFound, AmbiguousSelector.</exception>
    public static IReadOnlyCollection<SwarmTask> TasksOrServices(ClusterState state, string name, Func<SwarmTask, bool> include)
    {
        var found = Subject.OfTasksAndServices(state, include).Find(name);
        if (found.Count == 0)
        {
            throw new SwarmException(
                SwarmErrorKind.NotFound,
                "TaskNotFound",
                $"There is no task '{name}', and no service of that name.",
                name,
                "Get-SwarmTask lists them."
            );
        }
        return found[0].Task is null ? state.TasksOfService(found[0].Id) : [.. found.Select(static s => s.Task!)];
    }

    /// <summary>The id and name of a service, or of one that was removed while its tasks stop. Null: neither is there.</summary>
    /// <exception cref="SwarmException">AmbiguousSelector.</exception>
    internal static (string Id, string Name)? ServiceOrItsRest(ClusterState state, string selector)
    {
        // A whole id, which most callers give, needs no look at every task.
        if (state.FindService(selector) is { } there)
        {
            return (there.Id, there.Spec.Name);
        }
        if (state.TasksOfService(selector).FirstOrDefault() is { } left)
        {
            return (left.ServiceId, ServiceNameOf(state, left));
        }
        var names = state.Services.ToDictionary(static s => s.Id, static s => s.Spec.Name, StringComparer.Ordinal);
        foreach (var task in state.Tasks)
        {
            if (!names.ContainsKey(task.ServiceId))
            {
                names[task.ServiceId] = ServiceNameOf(state, task);
            }
        }
        var services = new NamedObjects<string>("service", names.Keys, static id => id, id => names[id])
        {
            // A service that is there hides an earlier one of its name.
            ByName = name =>
                state.FindServiceByName(name) is { } named ? [named.Id] : [.. names.Where(n => n.Value == name).Select(n => n.Key).Take(1)],
        };
        return services.FindOne(selector) is { } id ? (id, names[id]) : null;
    }

    /// <summary>The name of a task's service, also of one that was removed while its tasks stop.</summary>
    public static string ServiceNameOf(ClusterState state, SwarmTask task) =>
        state.FindService(task.ServiceId)?.Spec.Name ?? state.FindRevision(task.ServiceId, task.Revision)?.Spec.Name ?? task.ServiceId;

    /// <summary>The tasks of a slot's name or of a container's name, the one that is meant first.</summary>
    internal static List<SwarmTask> TasksNamed(ClusterState state, string name)
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

    private static NamedObjects<Service> Services(ClusterState state) =>
        new("service", state.Services, static s => s.Id, static s => s.Spec.Name)
        {
            ById = state.FindService,
            ByName = name => state.FindServiceByName(name) is { } named ? [named] : [],
        };

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
