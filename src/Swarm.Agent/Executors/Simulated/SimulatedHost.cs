using Swarm.Core.Model;

namespace Swarm.Agent.Executors.Simulated;

/// <summary>The simulated machine, which goes on without its swarmd. Executors attach to it, as a new swarmd finds the containers of the
/// last.</summary>
/// <param name="behave">Gives each task its script; called once a task, at prepare.</param>
public sealed class SimulatedHost(TimeProvider time, Func<TaskDefinition, SimulatedBehaviour> behave)
{
    private readonly Dictionary<string, SimulatedTask> _tasks = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private bool _available = true;

    /// <summary>A host where every step takes a random time up to <paramref name="maxLatency"/>, and a share of the tasks fails. Equal
    /// seeds give equal results.</summary>
    /// <param name="failureRatio">0–1: share of tasks that end with exit code 1 within ten times the latency.</param>
    /// <param name="time">The host's clock.</param>
    /// <param name="seed">Of the randomness.</param>
    /// <param name="maxLatency">The longest time of a step.</param>
    /// <param name="resumes">See <see cref="Resumes"/>.</param>
    public static SimulatedHost Random(TimeProvider time, int seed, TimeSpan maxLatency, double failureRatio = 0, bool resumes = false) =>
        new(
            time,
            task =>
            {
                // The result depends on seed and task, not on the order of calls.
                var random = new Random(HashCodeOf(task.TaskId, seed));
                return new SimulatedBehaviour
                {
                    PrepareTime = maxLatency * random.NextDouble(),
                    StartTime = maxLatency * random.NextDouble(),
                    StopTime = maxLatency * random.NextDouble(),
                    HealthyAfter = maxLatency * random.NextDouble(),
                    RunTime = random.NextDouble() < failureRatio ? maxLatency * 10 * random.NextDouble() : null,
                    ExitCode = 1,
                };
            }
        )
        {
            Resumes = resumes,
        };

    public TimeProvider Time => time;

    /// <summary>A task that the agent remembers as started runs, though this host does not know it. The host ends with its swarmd; a real
    /// machine's tasks go on.</summary>
    public bool Resumes { get; init; }

    /// <summary>False: the engine is away; its tasks go on.</summary>
    public bool Available
    {
        get
        {
            lock (_gate)
            {
                return _available;
            }
        }
        set
        {
            lock (_gate)
            {
                _available = value;
            }
        }
    }

    /// <summary>Ids of the tasks that exist, in ordinal order.</summary>
    public IReadOnlyList<string> TaskIds
    {
        get
        {
            lock (_gate)
            {
                return [.. _tasks.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Ends a running task from outside, as <c>kill</c> on the machine does.</summary>
    public void End(string taskId, int exitCode) => Find(taskId)?.End(exitCode, false);

    internal SimulatedTask? Find(string taskId)
    {
        lock (_gate)
        {
            return _tasks.GetValueOrDefault(taskId);
        }
    }

    /// <summary>A task that was prepared here, or that has gone on from an earlier swarmd; null: there is none.</summary>
    internal SimulatedTask? Known(TaskDefinition task)
    {
        if (Find(task.TaskId) is { } known)
        {
            return known;
        }
        if (!Resumes)
        {
            return null;
        }
        var resumed = Add(task, behave(task));
        resumed.Start();
        return resumed;
    }

    internal IReadOnlyList<SimulatedTask> All()
    {
        lock (_gate)
        {
            return [.. _tasks.Values.OrderBy(t => t.TaskId, StringComparer.Ordinal)];
        }
    }

    internal SimulatedBehaviour BehaviourOf(TaskDefinition task) => behave(task);

    internal SimulatedTask Add(TaskDefinition task, SimulatedBehaviour behaviour)
    {
        lock (_gate)
        {
            if (!_tasks.TryGetValue(task.TaskId, out var existing))
            {
                _tasks[task.TaskId] = existing = new SimulatedTask(task, behaviour, time);
            }
            return existing;
        }
    }

    internal void Remove(string taskId)
    {
        lock (_gate)
        {
            _tasks.Remove(taskId);
        }
    }

    private static int HashCodeOf(string text, int seed)
    {
        // FNV-1a: string.GetHashCode differs from process to process.
        var hash = 2166136261u ^ (uint)seed;
        foreach (var c in text)
        {
            hash = (hash ^ c) * 16777619u;
        }
        return (int)hash;
    }
}

/// <summary>A task on a simulated machine.</summary>
internal sealed class SimulatedTask(TaskDefinition definition, SimulatedBehaviour behaviour, TimeProvider time)
{
    private readonly DateTimeOffset _created = time.GetUtcNow();
    private readonly TaskCompletionSource<(int Code, bool OutOfMemory)> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _unhealthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private DateTimeOffset? _started;
    private DateTimeOffset _endedAt;

    public string TaskId => definition.TaskId;
    public SimulatedBehaviour Behaviour => behaviour;
    public Task<(int Code, bool OutOfMemory)> Ended => _ended.Task;
    public Task Healthy => _healthy.Task;
    public Task Unhealthy => _unhealthy.Task;
    public bool IsStarted => _started is not null;
    public TimeSpan Grace => definition.Spec.Container.StopGracePeriod;
    public string ContainerId => "simulated" + definition.TaskId;

    public void Start()
    {
        lock (_gate)
        {
            if (_started is not null)
            {
                return;
            }
            _started = time.GetUtcNow();
        }
        if (behaviour.RunTime is { } run)
        {
            _ = AfterAsync(run, () => End(behaviour.ExitCode, behaviour.OutOfMemory));
        }
        if (definition.Spec.Container.HealthCheck is null)
        {
            _healthy.TrySetResult();
            return;
        }
        if (behaviour.HealthyAfter is { } healthy)
        {
            _ = AfterAsync(healthy, () => _healthy.TrySetResult());
        }
        if (behaviour.UnhealthyAfter is { } unhealthy)
        {
            _ = AfterAsync(unhealthy, () => _unhealthy.TrySetResult());
        }
    }

    public void End(int code, bool outOfMemory)
    {
        _endedAt = time.GetUtcNow();
        _ended.TrySetResult((code, outOfMemory));
    }

    public void SendStopSignal()
    {
        if (!behaviour.IgnoresStopSignal)
        {
            _ = AfterAsync(behaviour.StopTime, () => End(behaviour.StopExitCode, false));
        }
    }

    public ExecutorTask Observe()
    {
        var status = new TaskStatus
        {
            State = TaskState.Ready,
            Timestamp = _created,
            ContainerId = ContainerId,
        };
        if (_ended.Task.IsCompleted)
        {
            var (code, outOfMemory) = _ended.Task.Result;
            status = status with
            {
                State = code == 0 ? TaskState.Complete : TaskState.Failed,
                Timestamp = _endedAt,
                ExitCode = code,
                Error = ExitMessages.For(code, outOfMemory),
            };
        }
        else if (_started is { } started)
        {
            status = status with { State = _healthy.Task.IsCompleted ? TaskState.Running : TaskState.Starting, Timestamp = started };
        }
        return new ExecutorTask(TaskId, definition.ServiceId, status);
    }

    private async Task AfterAsync(TimeSpan delay, Action act)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, time);
        }
        act();
    }
}
