using Swarm.Agent.Executors;
using Swarm.Agent.Forwarding;
using Swarm.Agent.Journal;
using Swarm.Core.Model;
using Swarm.Core.Validation;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>A node's agent: holds a session with a manager, runs its assignments, and reports. Tasks outlive the session, the agent, and
/// swarmd.</summary>
public sealed class NodeAgent : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two attempts in a swarm of many nodes: they must not all connect at once.</summary>
    private static readonly TimeSpan LongestPauseOfMany = TimeSpan.FromSeconds(8);

    /// <summary>The time without progress in the tasks' removal, while the executor is away, after which a node leaves without
    /// it.</summary>
    private static readonly TimeSpan RemovalPatience = TimeSpan.FromSeconds(10);

    /// <summary>Redirects in a row before the agent pauses: managers that point at each other must not make it spin.</summary>
    private const int MaxRedirects = 3;

    private readonly AgentOptions _options;
    private readonly ILogger _logger;
    private readonly StatusOutbox _outbox = new();
    private readonly TaskStore _store;
    private readonly TaskThreads _threads = new(TaskThreads.Standard);
    private readonly AssignedTasks _tasks;
    private readonly NodeForwarding? _forwarding;
    private readonly CancellationTokenSource _stopping = new();
    private NodeDescription _description = NodeDescription.Unknown;
    private NodeRole? _role;
    private TimeSpan _longestPause = SessionTiming.LongestPause;
    private ManagerSession? _session;
    private Task _run = Task.CompletedTask;
    private bool _adopted;
    private int _stopped;

    public NodeAgent(AgentOptions options)
    {
        _options = options;
        _logger = options.LoggerFactory.CreateLogger<NodeAgent>();
        _store = new TaskStore(options.StateDirectory, _logger);
        _forwarding = options.DataPlane is { } plane ? new NodeForwarding(plane, _logger) : null;
        _tasks = new AssignedTasks(
            new RunnerContext(
                options.Executor,
                _store,
                _outbox,
                _threads,
                options.NodeId,
                () => Volatile.Read(ref _description),
                new TaskForwarding(options.DataPlane),
                options.Time,
                _logger
            )
        );
    }

    /// <summary>Begins in the background: finds the running tasks, then a manager. Neither an engine nor a manager needs to be there
    /// yet.</summary>
    public Task StartAsync()
    {
        _run = Task.Run(RunAsync);
        return Task.CompletedTask;
    }

    /// <summary>Leaves the swarm. A manager learns of it first, so that it replaces the tasks elsewhere at once; then they are stopped and
    /// removed.</summary>
    public async Task LeaveAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            if (Volatile.Read(ref _session) is { } session)
            {
                await session.SayGoodbyeAsync(restart: false, TimeSpan.Zero);
            }
            await _stopping.CancelAsync();
        }
        await _run;
        if (!_adopted)
        {
            await AdoptLateAsync();
        }
        await RemoveTasksAsync();
        await DetachAsync();
    }

    /// <summary>Ends the agent; the tasks run on.</summary>
    /// <param name="announceRestart">Announces to a manager that this node comes back within <paramref name="grace"/>; the manager keeps it
    /// Ready until then. False: the manager finds the session broken.</param>
    public async Task StopAsync(bool announceRestart, TimeSpan grace)
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            // A goodbye without a restart is for good: the manager would end the tasks.
            if (announceRestart && Volatile.Read(ref _session) is { } session)
            {
                await session.SayGoodbyeAsync(restart: true, grace);
            }
            await _stopping.CancelAsync();
        }
        await _run;
        await DetachAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(announceRestart: false, TimeSpan.Zero);
        _stopping.Dispose();
    }

    /// <summary>Ends the runners and writes the last of the journal.</summary>
    private async Task DetachAsync()
    {
        await _tasks.DetachAsync();
        if (_forwarding is not null)
        {
            await _forwarding.DisposeAsync();
            await _options.DataPlane!.DisposeAsync();
        }
        _threads.Dispose();
        _store.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await FindTasksAsync();
            await HoldSessionsAsync();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task FindTasksAsync()
    {
        for (var pause = FirstPause; ; pause = Longer(pause))
        {
            try
            {
                _description = await DescribeAsync(_stopping.Token);
                await _tasks.AdoptAsync(_stopping.Token);
                _adopted = true;
                return;
            }
#pragma warning disable CA1031 // A starting engine may fail with any error: it is called until it answers.
            catch (Exception e) when (!_stopping.IsCancellationRequested)
#pragma warning restore CA1031
            {
                _options.ExecutorAway(e.Message);
                _logger.ExecutorAway(e.Message);
                await PauseAsync(pause);
            }
        }
    }

    /// <summary>The executor's description, with what the data plane can do and cannot.</summary>
    private async Task<NodeDescription> DescribeAsync(CancellationToken cancellation)
    {
        var description = await _options.Executor.DescribeAsync(cancellation);
        if (_options.DataPlane is { } plane)
        {
            description = description with
            {
                Plugins = description.Plugins.Concat(plane.Capabilities).Distinct().Order(StringComparer.Ordinal).ToValueList(),
                Warnings = description.Warnings.Concat(_forwarding!.Faults).ToValueList(),
            };
        }
        return NodeTexts.Visible(description);
    }

    /// <summary>Adopts tasks after a leave that came right after the start, before the running tasks were found. The last swarmd's tasks
    /// must go all the same.</summary>
    private async Task AdoptLateAsync()
    {
        using var limit = new CancellationTokenSource(RemovalPatience, _options.Time);
        try
        {
            await _tasks.AdoptAsync(limit.Token);
        }
#pragma warning disable CA1031 // As in FindTasksAsync an engine may fail with any error; here nothing is left to wait for.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.TasksLeft(0, e.Message);
        }
    }

    /// <summary>Stops and removes every task. An absent executor cannot hold the node in the swarm: the log names the tasks that stay
    /// there.</summary>
    internal async Task RemoveTasksAsync()
    {
        var removal = _tasks.RemoveAllAsync();
        while (await Task.WhenAny(removal, Task.Delay(RemovalPatience, _options.Time)) != removal)
        {
            using var limit = new CancellationTokenSource(RemovalPatience, _options.Time);
            try
            {
                await _options.Executor.DescribeAsync(limit.Token);
            }
            catch (Exception e) when (e is ExecutorUnavailableException or OperationCanceledException)
            {
                _logger.TasksLeft(_tasks.Removing, e.Message);
                return;
            }
        }
        await removal;
    }

    private async Task HoldSessionsAsync()
    {
        var pause = FirstPause;
        var next = 0;
        var redirects = 0;
        Queue<string> preferred = new();
        while (true)
        {
            var managers = _options.Managers();
            if (!preferred.TryDequeue(out var address))
            {
                if (managers.Count == 0)
                {
                    await PauseAsync(pause);
                    pause = Longer(pause);
                    continue;
                }
                address = managers[next++ % managers.Count];
            }
            var session = new ManagerSession(
                _options,
                _tasks,
                _outbox,
                _forwarding,
                DescribeAsync,
                () => Volatile.Read(ref _description),
                now => Volatile.Write(ref _description, now),
                Opened,
                _logger
            );
            Volatile.Write(ref _session, session);
            var end = await session.RunAsync(address, _stopping.Token);
            Volatile.Write(ref _session, null);
            if (Volatile.Read(ref _stopped) != 0)
            {
                return;
            }
            if (end.Removed)
            {
                _logger.NodeRemoved();
                await RemoveTasksAsync();
                await _options.Removed();
                return;
            }
            if (end.Opened)
            {
                pause = FirstPause;
                redirects = 0;
            }
            if (end.RedirectTo is { Count: > 0 } others && ++redirects <= MaxRedirects)
            {
                preferred = new Queue<string>(others.Where(other => other != address));
                if (preferred.Count > 0)
                {
                    continue;
                }
            }
            var jittered = pause * (0.5 + Random.Shared.NextDouble() / 2);
            _options.SessionEnded(address, end.Reason, end.Error);
            _logger.SessionEnded(address, end.Reason, (int)jittered.TotalMilliseconds);
            await PauseAsync(jittered);
            pause = Longer(pause);
        }
    }

    private void Opened(V1.SessionInfo info, TimeSpan heartbeat)
    {
        _longestPause = LongestPauseAt(heartbeat);
        _options.SessionOpened();
        if (info.ManagerAddresses.Count > 0)
        {
            _options.ManagersChanged([.. info.ManagerAddresses]);
        }
        var role = ProtocolMapping.FromWire(info.Role);
        if (_role != role)
        {
            _role = role;
            _options.RoleChanged(role);
        }
    }

    /// <summary>The longest pause between two attempts of an agent with this heartbeat period.</summary>
    internal static TimeSpan LongestPauseAt(TimeSpan heartbeat) =>
        TimeSpan.FromTicks(Math.Clamp(heartbeat.Ticks, SessionTiming.LongestPause.Ticks, LongestPauseOfMany.Ticks));

    private TimeSpan Longer(TimeSpan pause) => pause * 2 < _longestPause ? pause * 2 : _longestPause;

    private Task PauseAsync(TimeSpan pause) => Task.Delay(pause, _options.Time, _stopping.Token);
}
