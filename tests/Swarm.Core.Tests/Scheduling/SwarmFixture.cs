using System.Globalization;
using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Scheduling;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Scheduling;

/// <summary>A state and a scheduler that watches it, with short ways to change both.</summary>
internal sealed class SwarmFixture
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly IdSource _ids = IdSource.Seeded(1);
    private ulong _index;

    public SwarmFixture()
    {
        Scheduler = new Scheduler(State);
        State.Changed += Scheduler.Observe;
    }

    public ClusterState State { get; } = new();

    public Scheduler Scheduler { get; }

    public DateTimeOffset Now { get; set; } = Start;

    public void Apply(params IReadOnlyList<StateChange> changes) => State.Apply(changes, ++_index);

    public Node AddNode(
        string id,
        NodeState state = NodeState.Ready,
        NodeAvailability availability = NodeAvailability.Active,
        long nanoCpus = 4_000_000_000,
        long memoryBytes = 8L << 30,
        string labels = "",
        string plugins = "",
        string executor = ""
    )
    {
        var node = new Node
        {
            Id = id,
            CreatedAt = Now,
            UpdatedAt = Now,
            Spec = new NodeSpec { Availability = availability, Labels = Labels(labels) },
            Description = new NodeDescription
            {
                Hostname = "host-" + id,
                Resources = new ResourceAmount(nanoCpus, memoryBytes),
                Plugins = [.. plugins.Split(' ', StringSplitOptions.RemoveEmptyEntries)],
                Executor = executor,
            },
            Status = new NodeStatus { State = state },
        };
        Apply(new StateChange.NodeCreate(node));
        return State.FindNode(id)!;
    }

    public void SetNode(string id, NodeState? state = null, NodeAvailability? availability = null, string? labels = null)
    {
        var node = State.FindNode(id)!;
        if (state is not null)
        {
            Apply(new StateChange.NodeStatusSet(id, node.Status with { State = state.Value }, Now));
        }
        if (availability is not null || labels is not null)
        {
            var spec = node.Spec with
            {
                Availability = availability ?? node.Spec.Availability,
                Labels = labels is null ? node.Spec.Labels : Labels(labels),
            };
            Apply(new StateChange.NodeSpecSet(id, spec, Now));
        }
    }

    public static ServiceSpec Spec(
        string name,
        string[]? constraints = null,
        string[]? spread = null,
        ulong maxReplicas = 0,
        long nanoCpus = 0,
        long memoryBytes = 0,
        string volumeDriver = "",
        bool global = false,
        params PublishedPort[] ports
    ) =>
        new()
        {
            Name = name,
            Container = new ContainerSpec
            {
                Image = "alpine",
                Mounts =
                    volumeDriver.Length == 0
                        ? []
                        :
                        [
                            new Mount
                            {
                                Type = MountType.Volume,
                                Target = "/data",
                                VolumeDriver = volumeDriver,
                            },
                        ],
            },
            Mode = global ? new ServiceMode.Global() : new ServiceMode.Replicated(1),
            Ports = [.. ports],
            Resources = new ResourceRequirements { Reservations = new ResourceAmount(nanoCpus, memoryBytes) },
            Placement = new Placement
            {
                Constraints = [.. constraints ?? []],
                SpreadPreferences = [.. spread ?? []],
                MaxReplicasPerNode = maxReplicas,
            },
        };

    public static PublishedPort HostPort(uint published, PortProtocol protocol = PortProtocol.Tcp) =>
        new()
        {
            Target = 80,
            Published = published,
            Protocol = protocol,
            Mode = PublishMode.Host,
        };

    /// <summary>Creates the service; its id is its name.</summary>
    public void AddService(ServiceSpec spec) =>
        Apply(
            new StateChange.ServiceCreate(
                new Service
                {
                    Id = spec.Name,
                    CreatedAt = Now,
                    UpdatedAt = Now,
                    Spec = spec,
                    Revision = 1,
                },
                null
            )
        );

    public string AddTask(string service, uint slot = 1, string? nodeId = null, ulong revision = 1, TaskState desired = TaskState.Running)
    {
        var id = _ids.Next();
        Apply(
            new StateChange.TaskCreate(
                new SwarmTask
                {
                    Id = id,
                    ServiceId = service,
                    Revision = revision,
                    Slot = slot,
                    NodeId = nodeId,
                    DesiredState = desired,
                    Status = new TaskStatus { State = TaskState.New, Timestamp = Now },
                    CreatedAt = Now,
                }
            )
        );
        return id;
    }

    public string[] AddTasks(string service, int count) => [.. Enumerable.Range(1, count).Select(slot => AddTask(service, (uint)slot))];

    /// <summary>Creates a service with tasks, schedules them, and applies the output.</summary>
    public string[] Run(ServiceSpec spec, int count)
    {
        AddService(spec);
        var tasks = AddTasks(spec.Name, count);
        Schedule();
        return tasks;
    }

    public List<StateChange> Schedule(bool apply = true, int maxChanges = int.MaxValue)
    {
        var output = new List<StateChange>();
        Scheduler.Schedule(Now, output, maxChanges);
        if (apply)
        {
            Apply(output);
        }
        return output;
    }

    public void Observe(string taskId, TaskState state) =>
        Apply(new StateChange.TaskObserve(taskId, new TaskStatus { State = state, Timestamp = Now }));

    public string? NodeOf(string taskId) => State.FindTask(taskId)!.NodeId;

    /// <summary>The nodes of the tasks, as <c>a b a -</c>.</summary>
    public string Where(params IEnumerable<string> taskIds) => string.Join(' ', taskIds.Select(t => NodeOf(t) ?? "-"));

    /// <summary>Live tasks of a service by node, as <c>a=2 b=1</c>.</summary>
    public string Counts(string service) =>
        string.Join(
            ' ',
            State
                .TasksOfService(service)
                .Where(t => t.NodeId is not null && t.IsLive)
                .GroupBy(t => t.NodeId!)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key}={g.Count()}"))
        );

    /// <summary>Reasons as <c>filter:nodes:detail</c>.</summary>
    public string[] ReasonsOf(string taskId) =>
        [.. State.FindTask(taskId)!.Pending?.Reasons.Select(r => $"{r.Filter}:{r.Nodes}:{r.Detail}") ?? []];

    private static ValueMap Labels(string text) =>
        ValueMap.From(
            text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => l.Split('='))
                .Select(p => new KeyValuePair<string, string>(p[0], p[1]))
        );
}
