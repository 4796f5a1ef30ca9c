using System.Diagnostics;
using System.Globalization;
using Swarm.Core.Identity;
using Swarm.Core.Model;
using Swarm.Core.Scheduling;
using Swarm.Core.State;

namespace Swarm.Benchmarks;

/// <summary>A swarm with nodes and services, and the timed ways of giving it tasks.</summary>
internal sealed class SchedulerRun
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ClusterState _state = new();
    private readonly Scheduler _scheduler;
    private readonly IdSource _ids = IdSource.Seeded(1);
    private readonly string[] _serviceIds;
    private readonly List<StateChange> _output = [];
    private readonly StateChange[] _single = new StateChange[1];
    private readonly int _tasks;
    private ulong _index;

    /// <param name="services">1 (all tasks are its replicas), or as many as tasks (each is a service of its own).</param>
    public SchedulerRun(int nodes, int tasks, int services, bool constraints)
    {
        _tasks = tasks;
        _scheduler = new Scheduler(_state);
        _state.Changed += _scheduler.Observe;
        for (var i = 0; i < nodes; i++)
        {
            Apply(new StateChange.NodeCreate(NewNode(i)));
        }
        var before = HeapBytes();
        _serviceIds = new string[services];
        for (var i = 0; i < services; i++)
        {
            var service = NewService(i, tasks / services, constraints);
            _serviceIds[i] = service.Id;
            Apply(new StateChange.ServiceCreate(service, null));
        }
        BytesPerService = (HeapBytes() - before) / (double)services;
    }

    /// <summary>Heap growth for each service with its revision, before it has a task.</summary>
    public double BytesPerService { get; }

    /// <summary>Each task is created, scheduled and assigned before the next one is submitted: three steps, two log entries a task.</summary>
    public OneByOneTiming OneByOne()
    {
        var creations = Creations();
        var paused = GC.GetTotalPauseDuration();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var first = TimeSpan.Zero;
        var processor = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < creations.Length; i++)
        {
            Apply(creations[i]);
            Schedule(At(i));
            if (i == 0)
            {
                first = clock.Elapsed;
            }
        }
        clock.Stop();
        var timing = new OneByOneTiming(
            clock.Elapsed,
            Environment.CpuUsage.TotalTime - processor,
            first,
            GC.GetTotalPauseDuration() - paused,
            GC.GetAllocatedBytesForCurrentThread() - allocated
        );
        Check();
        return timing;
    }

    /// <summary>All tasks are created in one batch and assigned in one batch: SwarmKit's shape.</summary>
    public TimeSpan InOneBatch()
    {
        var creations = Creations();
        var clock = Stopwatch.StartNew();
        _state.Apply(creations, ++_index);
        Schedule(Start);
        clock.Stop();
        Check();
        return clock.Elapsed;
    }

    /// <summary>Heap growth for each task, submitted one by one; all indexes and the scheduler's bookkeeping included.</summary>
    /// <remarks>Counted from the first task on: before it, the scheduler has put its nodes in order, which is no cost of a task. The
    /// changes are as from a log.
    /// Every task and every assignment brings its own copies of all ids, and every assignment has its own time.</remarks>
    public double BytesPerTask()
    {
        var before = 0L;
        for (var i = 0; i < _tasks; i++)
        {
            Apply(NewTask(i));
            _output.Clear();
            _scheduler.Schedule(At(i), _output);
            var assign = (StateChange.TaskAssign)_output[0];
            if (i == 0)
            {
                before = HeapBytes();
            }
            Apply(new StateChange.TaskAssign(new string(assign.TaskId.AsSpan()), new string(assign.NodeId.AsSpan()), assign.At));
        }
        _output.Clear();
        var grown = HeapBytes() - before;
        Check();
        GC.KeepAlive(this);
        return grown / (double)_tasks;
    }

    private static DateTimeOffset At(int task) => Start.AddTicks(task);

    private static long HeapBytes()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private void Schedule(DateTimeOffset now)
    {
        _output.Clear();
        _scheduler.Schedule(now, _output);
        _state.Apply(_output, ++_index);
    }

    private void Apply(StateChange change)
    {
        _single[0] = change;
        _state.Apply(_single, ++_index);
        _single[0] = null!;
    }

    private StateChange[] Creations()
    {
        var creations = new StateChange[_tasks];
        for (var i = 0; i < creations.Length; i++)
        {
            creations[i] = NewTask(i);
        }
        // The setup's garbage is not the run's.
        GC.Collect();
        return creations;
    }

    private void Check()
    {
        var assigned = _state.Tasks.Count(t => t.Status.State == TaskState.Assigned);
        var (least, most) = (int.MaxValue, 0);
        foreach (var node in _state.Nodes)
        {
            var count = _state.TasksOfNode(node.Id).Count;
            if (count > 0 || _state.Services.First().Spec.Placement.Constraints.Count == 0)
            {
                (least, most) = (Math.Min(least, count), Math.Max(most, count));
            }
        }
        if (assigned != _tasks || most - least > 1 || _scheduler.HasWork)
        {
            throw new InvalidOperationException($"{assigned} of {_tasks} tasks were assigned, {least} to {most} a node.");
        }
    }

    private StateChange.TaskCreate NewTask(int number) =>
        new(
            new SwarmTask
            {
                Id = _ids.Next(),
                ServiceId = new string(_serviceIds[number % _serviceIds.Length].AsSpan()),
                Revision = 1,
                Slot = (uint)(number / _serviceIds.Length) + 1,
                DesiredState = TaskState.Running,
                Status = new TaskStatus { State = TaskState.Pending, Timestamp = Start },
                CreatedAt = Start,
            }
        );

    private Node NewNode(int number) =>
        new()
        {
            Id = _ids.Next(),
            CreatedAt = Start,
            UpdatedAt = Start,
            // Every third node is special, as in SwarmKit's benchmark (there by a network plugin).
            Spec = new NodeSpec { Labels = number % 3 == 0 ? ValueMap.Empty.With("network", "special") : ValueMap.Empty },
            Description = new NodeDescription { Hostname = "name" + number.ToString(CultureInfo.InvariantCulture) },
            Status = new NodeStatus { State = NodeState.Ready },
        };

    private Service NewService(int number, int replicas, bool constraints) =>
        new()
        {
            Id = _ids.Next(),
            CreatedAt = Start,
            UpdatedAt = Start,
            Revision = 1,
            Spec = new ServiceSpec
            {
                Name = "task" + number.ToString(CultureInfo.InvariantCulture),
                Container = new ContainerSpec { Image = "alpine" },
                Mode = new ServiceMode.Replicated((ulong)replicas),
                // A text of its own for every service, as from a log.
                Placement = constraints
                    ? new Placement { Constraints = [new string("node.labels.network==special".AsSpan())] }
                    : Placement.Anywhere,
            },
        };
}
