using System.Threading.Channels;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>Statuses on their way to a manager. It keeps the latest status of each task until it is acknowledged.</summary>
/// <remarks>Everything that waits goes at once, in reports of limited size. Later statuses wait until all of these are acknowledged, so
/// that batches grow under load by themselves.</remarks>
internal sealed class StatusOutbox
{
    private readonly Lock _gate = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly Queue<V1.TaskStatusReport> _unsent = [];
    private readonly Dictionary<ulong, List<(string TaskId, TaskStatus Status)>> _inFlight = [];
    private Dictionary<string, TaskStatus> _waiting = new(StringComparer.Ordinal);
    private ulong _number;

    public void Add(string taskId, TaskStatus status)
    {
        lock (_gate)
        {
            _waiting[taskId] = status;
        }
        Signal();
    }

    /// <summary>Adds statuses that a registration had no room for. A status that waits already is newer.</summary>
    public void AddEarlier(IEnumerable<(string TaskId, TaskStatus Status)> statuses)
    {
        lock (_gate)
        {
            foreach (var (taskId, status) in statuses)
            {
                _waiting.TryAdd(taskId, status);
            }
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
            foreach (var (taskId, status) in _inFlight.Values.SelectMany(static r => r))
            {
                _waiting.TryAdd(taskId, status);
            }
            _inFlight.Clear();
            _unsent.Clear();
        }
        Signal();
    }

    public void Acknowledge(ulong number)
    {
        lock (_gate)
        {
            _inFlight.Remove(number);
        }
        Signal();
    }

    /// <summary>The next report, as soon as there are statuses to report and the reports before are acknowledged. It takes a single caller at a time.</summary>
    public async Task<V1.TaskStatusReport> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_unsent.Count == 0 && _inFlight.Count == 0 && _waiting.Count > 0)
                {
                    Divide();
                }
                if (_unsent.TryDequeue(out var report))
                {
                    return report;
                }
            }
            await _signal.Reader.ReadAsync(cancellation);
        }
    }

    private void Divide()
    {
        var bytes = 0;
        V1.TaskStatusReport? report = null;
        foreach (var (taskId, status) in _waiting)
        {
            if (report is null || bytes > SessionParts.StatusBytes)
            {
                report = new V1.TaskStatusReport { Number = ++_number };
                _unsent.Enqueue(report);
                _inFlight[_number] = [];
                bytes = 0;
            }
            var update = new V1.TaskStatusUpdate { TaskId = taskId, Status = ProtocolMapping.ToWire(status) };
            report.Updates.Add(update);
            _inFlight[_number].Add((taskId, status));
            bytes += update.CalculateSize();
        }
        _waiting = new Dictionary<string, TaskStatus>(StringComparer.Ordinal);
    }

    private void Signal() => _signal.Writer.TryWrite(true);
}
