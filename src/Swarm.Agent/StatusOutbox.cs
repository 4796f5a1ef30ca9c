using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>Statuses on their way to a manager: the latest of each task, one report in flight at a time (so that batches grow under load by themselves),
/// kept until acknowledged.</summary>
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

    /// <summary>A new session: what was not acknowledged is sent again.</summary>
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

    /// <summary>The next report, as soon as there is something to report and nothing in flight.</summary>
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
