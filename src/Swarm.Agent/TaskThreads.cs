namespace Swarm.Agent;

/// <summary>Threads of the agent's own for its tasks. Executors work with files and processes, and block; the thread pool, on which heartbeats
/// and streams depend, stays free.</summary>
/// <remarks>A thread begins when there is work and none is idle, and ends after a while without work.</remarks>
internal sealed class TaskThreads(int most) : TaskScheduler, IDisposable
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(20);

    [ThreadStatic]
    private static TaskThreads? _current;

    private readonly object _gate = new();
    private readonly Queue<Task> _queue = new();
    private int _threads;
    private int _idle;
    private bool _closed;

    /// <summary>Twice the processors: a task's step waits for the disk about as long as it computes.</summary>
    public static int Standard => Math.Clamp(Environment.ProcessorCount * 2, 4, 32);

    public override int MaximumConcurrencyLevel => most;

    /// <summary>Starts an asynchronous function. All its parts run on these threads.</summary>
    public Task Run(Func<Task> function) =>
        Task.Factory.StartNew(function, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>Lets the threads end when they have nothing to do. Work that is started later is done all the same.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }

    protected override void QueueTask(Task task)
    {
        lock (_gate)
        {
            _queue.Enqueue(task);
            if (_idle > 0)
            {
                Monitor.Pulse(_gate);
            }
            else if (_threads < most)
            {
                _threads++;
                new Thread(Work) { IsBackground = true, Name = "tasks" }.Start();
            }
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(_current, this) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_gate)
        {
            return [.. _queue];
        }
    }

    private void Work()
    {
        _current = this;
        while (Next() is { } task)
        {
            TryExecuteTask(task);
        }
    }

    private Task? Next()
    {
        lock (_gate)
        {
            while (_queue.Count == 0)
            {
                _idle++;
                var pulsed = !_closed && Monitor.Wait(_gate, IdleTime);
                _idle--;
                if (!pulsed && _queue.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }
            return _queue.Dequeue();
        }
    }
}
