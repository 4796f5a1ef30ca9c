using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>Statuses on their way to a manager. It keeps the latest status of each task until it is acknowledged. A single report is in
/// flight at a time, so that batches grow under load by themselves.</summary>
internal sealed class StatusOutbox
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _signal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Dictionary<string, TaskStatus> _waiting = new(StringComparer.Ordinal);
    private Dictionary<string, TaskStatus>? _inFlight;
    private ulong _number;

    public void Add(string taskId, TaskStatus status)
    {
        lock (_gate)
        {
            _waiting[taskId] = status;
        }
        Signal();
    }

    public void Forget(string taskId)
    {
        lock (_gate)
        {
            _waiting.Remove(taskId);
        }
    }

    /// <summary>Begins a new session: unacknowledged statuses are sent again.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            foreach (var (taskId, status) in _inFlight ?? [])
            {
                _waiting.TryAdd(taskId, status);
            }
            _inFlight = null;
        }
        Signal();
    }

    public void Acknowledge(ulong number)
    {
        lock (_gate)
        {
            if (number == _number)
            {
                _inFlight = null;
            }
        }
        Signal();
    }

    /// <summary>The next report, as soon as there are statuses to report and no report is in flight.</summary>
    public async Task<V1.TaskStatusReport> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task signal;
            lock (_gate)
            {
                if (_inFlight is null && _waiting.Count > 0)
                {
                    _inFlight = _waiting;
                    _waiting = new Dictionary<string, TaskStatus>(StringComparer.Ordinal);
                    var report = new V1.TaskStatusReport { Number = ++_number };
                    foreach (var (taskId, status) in _inFlight)
                    {
                        report.Updates.Add(new V1.TaskStatusUpdate { TaskId = taskId, Status = ProtocolMapping.ToWire(status) });
                    }
                    return report;
                }
                signal = _signal.Task;
            }
            await signal.WaitAsync(cancellation);
        }
    }

    private void Signal()
    {
        TaskCompletionSource signal;
        lock (_gate)
        {
            signal = _signal;
            _signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        signal.TrySetResult();
    }
}
