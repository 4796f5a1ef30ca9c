using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Tests.Simulation;

/// <summary>A machine: slow containers, a connection that breaks, late reports.</summary>
internal sealed class SimulatedAgent(SimulatedSwarm swarm, string nodeId)
{
    private readonly SortedDictionary<string, Container> _containers = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, TaskStatus> _unsent = new(StringComparer.Ordinal);

    /// <summary>The error of its clock: none, five minutes ahead or five behind.</summary>
    private readonly TimeSpan _skew = TimeSpan.FromMinutes((nodeId[^1] % 3 - 1) * 5);
    private int _crashes;
    private bool _syncScheduled;
    private bool _flushScheduled;

    public string NodeId { get; } = nodeId;

    /// <summary>Machine and daemon are there; false after a crash.</summary>
    public bool IsUp { get; private set; } = true;

    /// <summary>It has left the swarm for good.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>It can talk to the manager.</summary>
    public bool IsConnected { get; private set; } = true;

    public IEnumerable<Container> Containers => _containers.Values;

    /// <summary>Power failure: no container or report survives.</summary>
    public void Crash()
    {
        foreach (var container in _containers.Values)
        {
            container.IsRunning = false;
            container.IsGone = true;
        }
        _containers.Clear();
        _unsent.Clear();
        _crashes++;
        IsUp = false;
        IsConnected = false;
    }

    /// <summary>It leaves the swarm and stops its containers; nobody hears of it any more.</summary>
    public void Leave()
    {
        HasLeft = true;
        IsConnected = false;
        _unsent.Clear();
        foreach (var container in _containers.Values.ToList())
        {
            Stop(container, report: false);
        }
    }

    /// <summary>The machine is cut off; its containers run on.</summary>
    public void Disconnect() => IsConnected = false;

    public void Connect()
    {
        IsUp = true;
        IsConnected = true;
        ScheduleSync();
        ScheduleFlush();
    }

    /// <summary>A running container ends by itself.</summary>
    public void Kill(Container container, bool withError)
    {
        if (container.IsRunning && !container.IsStopping)
        {
            End(container, withError ? TaskState.Failed : TaskState.Complete, withError ? "task: non-zero exit (137)" : "");
        }
    }

    public void ScheduleSync()
    {
        if (!_syncScheduled && IsConnected)
        {
            _syncScheduled = true;
            swarm.After(1, 50, Sync);
        }
    }

    private void Sync()
    {
        _syncScheduled = false;
        if (!IsConnected)
        {
            return;
        }
        var assigned = new SortedDictionary<string, SwarmTask>(StringComparer.Ordinal);
        foreach (var task in swarm.State.TasksOfNode(NodeId))
        {
            if (task.Status.State >= TaskState.Assigned)
            {
                assigned[task.Id] = task;
            }
        }
        foreach (var container in _containers.Values.ToList())
        {
            if (!assigned.ContainsKey(container.TaskId))
            {
                Stop(container, report: false);
            }
        }
        foreach (var task in assigned.Values)
        {
            Follow(task);
        }
    }

    private void Follow(SwarmTask task)
    {
        var ended = SwarmTask.IsTerminal(task.Status.State);
        if (!_containers.TryGetValue(task.Id, out var container))
        {
            if (ended)
            {
                return;
            }
            if (task.DesiredState > TaskState.Running)
            {
                Report(task.Id, TaskState.Shutdown, "");
            }
            else if (task.Status.State >= TaskState.Starting)
            {
                Report(task.Id, TaskState.Failed, "task: container is gone");
            }
            else
            {
                _containers[task.Id] = container = new Container(task, swarm.State.FindRevision(task.ServiceId, task.Revision)!.Spec);
                container.MayStart = task.DesiredState == TaskState.Running;
                Report(task.Id, TaskState.Accepted, "");
                swarm.After(1, 300, () => Prepare(container));
            }
            return;
        }
        if (ended || task.DesiredState > TaskState.Running)
        {
            Stop(container, report: !ended);
        }
        else if (task.DesiredState == TaskState.Running && !container.MayStart)
        {
            container.MayStart = true;
            if (container.State == TaskState.Ready)
            {
                Start(container);
            }
        }
    }

    private void Prepare(Container container)
    {
        if (container.IsGone || container.IsStopping)
        {
            return;
        }
        Move(container, TaskState.Preparing);
        swarm.After(
            1,
            1500,
            () =>
            {
                if (container.IsGone || container.IsStopping)
                {
                    return;
                }
                if (container.Image.StartsWith("missing", StringComparison.Ordinal))
                {
                    End(container, TaskState.Rejected, "No such image: " + container.Image);
                    return;
                }
                Move(container, TaskState.Ready);
                if (container.MayStart)
                {
                    Start(container);
                }
            }
        );
    }

    private void Start(Container container)
    {
        Move(container, TaskState.Starting);
        container.IsRunning = true;
        swarm.CheckContainers();
        swarm.After(
            1,
            800,
            () =>
            {
                if (container.IsGone || container.IsStopping || !container.IsRunning)
                {
                    return;
                }
                if (container.Image.StartsWith("dead", StringComparison.Ordinal))
                {
                    End(container, TaskState.Failed, "task: non-zero exit (1)");
                    return;
                }
                Move(container, TaskState.Running);
                if (container.Image.StartsWith("bad", StringComparison.Ordinal))
                {
                    swarm.After(10, 3000, () => Kill(container, withError: true));
                }
            }
        );
    }

    private void Stop(Container container, bool report)
    {
        if (container.IsStopping)
        {
            return;
        }
        container.IsStopping = true;
        if (SwarmTask.IsTerminal(container.State))
        {
            // It has ended by itself; the report of that is on its way.
            if (!report)
            {
                Forget(container);
            }
            return;
        }
        swarm.After(
            1,
            container.IsRunning ? 4000 : 50,
            () =>
            {
                if (container.IsGone)
                {
                    return;
                }
                container.IsRunning = false;
                container.State = TaskState.Shutdown;
                if (report)
                {
                    Report(container.TaskId, TaskState.Shutdown, "");
                }
                Forget(container);
            }
        );
    }

    private void Forget(Container container)
    {
        container.IsRunning = false;
        container.IsGone = true;
        _containers.Remove(container.TaskId);
    }

    private void End(Container container, TaskState state, string error)
    {
        container.IsRunning = false;
        Move(container, state, error);
    }

    private void Move(Container container, TaskState state, string error = "")
    {
        container.State = state;
        Report(container.TaskId, state, error);
    }

    private void Report(string taskId, TaskState state, string error)
    {
        _unsent[taskId] = new TaskStatus
        {
            State = state,
            Timestamp = swarm.TrueTime + _skew,
            Message = state.ToString(),
            Error = error,
        };
        ScheduleFlush();
    }

    private void ScheduleFlush()
    {
        if (_flushScheduled || !IsConnected || _unsent.Count == 0)
        {
            return;
        }
        _flushScheduled = true;
        swarm.After(
            1,
            40,
            () =>
            {
                _flushScheduled = false;
                if (IsConnected && _unsent.Count > 0)
                {
                    var batch = _unsent.Select(r => (StateChange)new StateChange.TaskObserve(r.Key, r.Value, swarm.Now)).ToList();
                    _unsent.Clear();
                    var crashes = _crashes;
                    swarm.Propose(
                        batch,
                        lost: () =>
                        {
                            if (crashes == _crashes)
                            {
                                SendAgain(batch);
                            }
                        }
                    );
                }
            }
        );
    }

    /// <summary>No answer came for these reports. A newer report is not replaced.</summary>
    private void SendAgain(IEnumerable<StateChange> reports)
    {
        foreach (var report in reports.OfType<StateChange.TaskObserve>())
        {
            var isNewer = !_unsent.TryGetValue(report.TaskId, out var unsent) || unsent.State < report.Status.State;
            if (!HasLeft && isNewer && (SwarmTask.IsTerminal(report.Status.State) || _containers.ContainsKey(report.TaskId)))
            {
                _unsent[report.TaskId] = report.Status;
            }
        }
        ScheduleFlush();
    }

    /// <summary>A container, as the engine of the node knows it.</summary>
    internal sealed class Container(SwarmTask task, ServiceSpec spec)
    {
        public string TaskId { get; } = task.Id;
        public string ServiceId { get; } = task.ServiceId;
        public uint Slot { get; } = task.Slot;
        public string Image { get; } = spec.Container.Image;
        public TaskState State { get; set; } = TaskState.Accepted;

        /// <summary>Its process is there.</summary>
        public bool IsRunning { get; set; }
        public bool IsStopping { get; set; }
        public bool IsGone { get; set; }
        public bool MayStart { get; set; }
    }
}
