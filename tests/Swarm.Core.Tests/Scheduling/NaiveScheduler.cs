using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Scheduling;

/// <summary>The scheduler's rules in their plainest form: it looks at every node and every task for every decision.</summary>
internal sealed class NaiveScheduler(ClusterState state)
{
    /// <summary>Failures so far: service, revision, node, time.</summary>
    public List<(string Service, ulong Revision, string Node, DateTimeOffset At)> Failures { get; } = [];

    /// <summary>Tasks assigned in this round, by node, as if they were applied.</summary>
    public List<(SwarmTask Task, string NodeId)> Decided { get; } = [];

    public ServiceSpec? SpecOf(SwarmTask task) => state.FindRevision(task.ServiceId, task.Revision)?.Spec;

    /// <summary>The node that the task must go to; null: none.</summary>
    public string? Choose(SwarmTask task, DateTimeOffset now)
    {
        var spec = SpecOf(task)!;
        var suitable = state.Nodes.Where(n => Refusal(n, task) is null).ToList();
        if (task.NodeId is not null)
        {
            return suitable.Any(n => n.Id == task.NodeId) ? task.NodeId : null;
        }
        return Choose(task, [.. state.Nodes], suitable, [.. spec.Placement.SpreadPreferences], now)?.Id;
    }

    /// <summary>Nodes by the first filter that refuses them.</summary>
    public List<(string Filter, int Nodes)> Reasons(SwarmTask task)
    {
        string[] order = ["ready", "resources", "plugins", "constraints", "ports", "max-replicas"];
        var nodes = task.NodeId is null ? state.Nodes : [.. state.Nodes.Where(n => n.Id == task.NodeId)];
        if (nodes.Count == 0)
        {
            return [("ready", task.NodeId is null ? 0 : 1)];
        }
        return
        [
            .. nodes
                .Select(n => Refusal(n, task))
                .OfType<string>()
                .GroupBy(f => f)
                .OrderBy(g => Array.IndexOf(order, g.Key))
                .Select(g => (g.Key, g.Count())),
        ];
    }

    private Node? Choose(SwarmTask task, List<Node> nodes, List<Node> suitable, string[] preferences, DateTimeOffset now)
    {
        if (preferences.Length == 0)
        {
            return suitable.OrderBy(n => OrderOf(n, task, now)).FirstOrDefault();
        }
        var label = preferences[0]["node.labels.".Length..];
        return nodes
            .GroupBy(n => n.Spec.Labels.TryGetValue(label, out var value) ? value : "")
            .Select(g =>
                (
                    Tasks: g.Sum(n => CountOf(n, task.ServiceId)),
                    Node: Choose(task, [.. g], [.. g.Intersect(suitable)], preferences[1..], now)
                )
            )
            .Where(b => b.Node is not null)
            .OrderBy(b => b.Tasks)
            .ThenBy(b => OrderOf(b.Node!, task, now))
            .FirstOrDefault()
            .Node;
    }

    private (int Failures, int ServiceTasks, int Tasks, OrdinalString Id) OrderOf(Node node, SwarmTask task, DateTimeOffset now)
    {
        var failures = Failures.Count(f =>
            f.Service == task.ServiceId && f.Revision == task.Revision && f.Node == node.Id && now - f.At <= TimeSpan.FromMinutes(5)
        );
        return (failures >= 5 ? failures : 0, CountOf(node, task.ServiceId), LiveOn(node).Count(), new OrdinalString(node.Id));
    }

    private int CountOf(Node node, string serviceId) => LiveOn(node).Count(t => t.ServiceId == serviceId);

    private IEnumerable<SwarmTask> LiveOn(Node node) => On(node).Where(t => t.DesiredState <= TaskState.Running);

    private IEnumerable<SwarmTask> On(Node node) =>
        state
            .Tasks.Where(t =>
                t.NodeId == node.Id
                && t.Status.State is >= TaskState.Assigned and <= TaskState.Running
                && Decided.All(d => d.Task.Id != t.Id)
            )
            .Concat(Decided.Where(d => d.NodeId == node.Id).Select(d => d.Task));

    private string? Refusal(Node node, SwarmTask task)
    {
        var spec = SpecOf(task)!;
        if (node.Status.State != NodeState.Ready || node.Spec.Availability != NodeAvailability.Active)
        {
            return "ready";
        }
        var wanted = spec.Resources.Reservations;
        var reserved = On(node).Select(t => SpecOf(t)?.Resources.Reservations ?? ResourceAmount.Zero).ToList();
        var freeCpus = node.Description.Resources.NanoCpus - reserved.Sum(r => r.NanoCpus);
        var freeMemory = node.Description.Resources.MemoryBytes - reserved.Sum(r => r.MemoryBytes);
        if ((wanted.NanoCpus > 0 && wanted.NanoCpus > freeCpus) || (wanted.MemoryBytes > 0 && wanted.MemoryBytes > freeMemory))
        {
            return "resources";
        }
        var drivers = spec.Container.Mounts.Select(m => "Volume/" + m.VolumeDriver);
        if (node.Description.Plugins.Count > 0 && drivers.Any(d => !node.Description.Plugins.Contains(d)))
        {
            return "plugins";
        }
        foreach (var constraint in spec.Placement.Constraints)
        {
            // node.labels.<name><op><value>: the random specs use only these.
            var negated = constraint.Contains("!=", StringComparison.Ordinal);
            var parts = constraint["node.labels.".Length..].Split(negated ? "!=" : "==");
            var equal = node.Spec.Labels.TryGetValue(parts[0], out var value) && value == parts[1];
            if (equal == negated)
            {
                return "constraints";
            }
        }
        var ports = PortsOf(task);
        if (On(node).SelectMany(t => PortsOf(t)).Any(p => p.Published > 0 && ports.Contains(p)))
        {
            return "ports";
        }
        var most = spec.Placement.MaxReplicasPerNode;
        return most > 0 && (ulong)CountOf(node, task.ServiceId) >= most ? "max-replicas" : null;
    }

    /// <summary>A task that has a node keeps the ports that it got with it; another one gets those that its service has now.</summary>
    private ValueList<PublishedPort> PortsOf(SwarmTask task) =>
        task.Status.State >= TaskState.Assigned
            ? task.Ports?.Published ?? SpecOf(task)?.Ports ?? []
            : state.FindService(task.ServiceId)?.Spec.Ports ?? SpecOf(task)?.Ports ?? [];

    private readonly record struct OrdinalString(string Value) : IComparable<OrdinalString>
    {
        public int CompareTo(OrdinalString other) => string.CompareOrdinal(Value, other.Value);
    }
}
