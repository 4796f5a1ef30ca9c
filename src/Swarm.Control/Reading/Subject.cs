using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Control.Reading;

/// <summary>An object that a word may mean where it can be of several kinds.</summary>
/// <param name="Kind">task, service, node or cluster.</param>
/// <param name="Id">The object's id.</param>
/// <param name="Task">The task itself; null: another kind.</param>
internal sealed record Subject(string Kind, string Id, SwarmTask? Task = null)
{
    /// <summary>The name under which a swarm's own events are told.</summary>
    public const string ClusterName = "swarm";

    /// <summary>Tasks and services. Tasks of a name come before the service of that name, as they do in <c>docker service ps</c>.</summary>
    /// <param name="state">Applied state.</param>
    /// <param name="include">The tasks that may be meant.</param>
    public static NamedObjects<Subject> OfTasksAndServices(ClusterState state, Func<SwarmTask, bool> include) =>
        Of(state, state.Tasks.Where(include).Select(Of).Concat(state.Services.Select(Of))) with
        {
            ById = id =>
                state.FindTask(id) is { } task && include(task) ? Of(task)
                : state.FindService(id) is { } service ? Of(service)
                : null,
            ByName = name =>
                Selectors.TasksNamed(state, name).Where(include).Select(Of).ToList() is { Count: > 0 } tasks ? tasks
                : state.FindServiceByName(name) is { } service ? [Of(service)]
                : [],
        };

    /// <summary>Everything that has events. A name means all objects of that name, whatever they are.</summary>
    public static NamedObjects<Subject> OfEvents(ClusterState state)
    {
        var tasksAndServices = OfTasksAndServices(state, static _ => true);
        Subject[] clusters = state.Cluster is { } cluster ? [new("cluster", cluster.Id)] : [];
        var all = state.Tasks.Select(Of).Concat(state.Services.Select(Of)).Concat(state.Nodes.Select(Of)).Concat(clusters);
        return Of(state, all) with
        {
            ByName = name =>
                [
                    .. tasksAndServices.FindExact(name),
                    .. state.Nodes.Where(n => n.Name == name).Select(Of),
                    .. clusters.Where(_ => name == ClusterName),
                ],
        };
    }

    private static NamedObjects<Subject> Of(ClusterState state, IEnumerable<Subject> all) =>
        new("name", all, static s => s.Id, s => $"{s.Kind} {s.NameIn(state)}");

    private static Subject Of(SwarmTask task) => new("task", task.Id, task);

    private static Subject Of(Service service) => new("service", service.Id);

    private static Subject Of(Node node) => new("node", node.Id);

    private string NameIn(ClusterState state) =>
        Task is not null ? TaskNames.NameOf(Task, Selectors.ServiceNameOf(state, Task))
        : state.FindService(Id) is { } service ? service.Spec.Name
        : state.FindNode(Id) is { } node ? node.Name
        : ClusterName;
}
