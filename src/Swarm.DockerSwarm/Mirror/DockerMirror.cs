using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.DockerSwarm.Specs;
using Swarm.Engine;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>Keeps a copy of the engine's swarm in our own model, so that all code that reads our state reads Docker's.</summary>
/// <remarks>Docker reports changed services, nodes and networks as they happen, but no tasks: these are polled. A read through the API
/// polls first, so that its answer is up to date. While a caller waits or watches, the engine is polled several times a second.</remarks>
public sealed partial class DockerMirror : IAsyncDisposable
{
    /// <summary>The interval while a caller waits or watches. A large swarm is polled less often, see <see cref="ShareOfTime"/>.</summary>
    private static readonly TimeSpan WatchedInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>The interval otherwise; events of services and nodes come in between.</summary>
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);

    /// <summary>The time without an engine after which watching callers get an error: an election takes less.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Polling takes at most one part in so many of the time.</summary>
    private const int ShareOfTime = 4;

    private readonly EngineClient _engine;
    private readonly MirrorSync _sync;
    private readonly TimeProvider _time;
    private readonly ILogger<DockerMirror> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<MirrorWatch> _watches = [];
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );
    private Task _running = Task.CompletedTask;
    private Task? _next;
    private Task _loops = Task.CompletedTask;
    private volatile bool _noManager;
    private long _failingSince;
    private TimeSpan _lastTook;

    public DockerMirror(EngineClient engine, RevisionLedger ledger, TimeProvider time, ILogger<DockerMirror> logger)
    {
        _engine = engine;
        _time = time;
        _logger = logger;
        _sync = new MirrorSync(Store, ledger, time);
    }

    public StateStore Store { get; } = new();

    /// <summary>The id of this node; empty before the first poll.</summary>
    public string SelfId { get; private set; } = "";

    public MirroredService? Service(string id) => _sync.Service(id);

    public MirroredNode? Node(string id) => _sync.Node(id);

    public void Start() => _loops = Task.WhenAll(Task.Run(LookAsync), Task.Run(FollowEventsAsync));

    /// <summary>Returns when the mirror is at least as new as the beginning of the call.</summary>
    /// <exception cref="SwarmException">NotInSwarm, NotAManager, SwarmLocked, NoLeader, EngineUnavailable, …</exception>
    public Task RefreshAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_next is { } waiting)
            {
                return waiting.WaitAsync(cancellation);
            }
            if (!_running.IsCompleted)
            {
                // The running poll may have begun before this call: the next one counts.
                var before = _running;
                _next = Task.Run(() => AfterAsync(before), CancellationToken.None);
                return _next.WaitAsync(cancellation);
            }
            // Other callers may wait for it too, so it does not end with this caller.
            _running = Task.Run(SyncAsync, CancellationToken.None);
            return _running.WaitAsync(cancellation);
        }
    }

    /// <summary>Polls often until the watch is disposed.</summary>
    public MirrorWatch Watch()
    {
        var watch = new MirrorWatch(this);
        lock (_gate)
        {
            _watches.Add(watch);
        }
        Wake();
        return watch;
    }

    public void End(MirrorWatch watch)
    {
        lock (_gate)
        {
            _watches.Remove(watch);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loops;
        Task running;
        lock (_gate)
        {
            running = _next ?? _running;
        }
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Store.Close();
        _stop.Dispose();
    }

    private void Wake() => _wake.Writer.TryWrite(true);

    private async Task AfterAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task sync;
        lock (_gate)
        {
            _next = null;
            sync = _running = Task.Run(SyncAsync);
        }
        await sync;
    }

    private async Task SyncAsync()
    {
        var started = _time.GetTimestamp();
        var began = Tick();
        try
        {
            // Tasks are read before services: a task's template is then one that its service has or had.
            using var tasks = await _engine.GetDocumentAsync("/tasks", _stop.Token);
            var cluster = _engine.GetAsync("/swarm", _stop.Token);
            var nodes = _engine.GetAsync("/nodes", _stop.Token);
            var services = _engine.GetAsync("/services", _stop.Token);
            await Task.WhenAll(cluster, nodes, services);
            var list = await nodes as JsonArray ?? [];
            if (SelfId.Length == 0 || !list.Any(n => n.Text("ID") == SelfId))
            {
                SelfId = (await _engine.GetAsync("/info", _stop.Token)).Object("Swarm").Text("NodeID");
            }
            _sync.Absorb(await cluster as JsonObject ?? [], list, await services as JsonArray ?? [], tasks.RootElement);
            Shown(began);
            _failingSince = 0;
            _noManager = false;
        }
        catch (EngineException e)
        {
            throw Failed(DockerErrors.From(e, ""));
        }
        catch (SwarmException e)
        {
            throw Failed(e);
        }
        finally
        {
            _lastTook = _time.GetElapsedTime(started);
        }
    }

    private SwarmException Failed(SwarmException why)
    {
        var gone = why.ErrorId is "NotInSwarm" or "NotAManager" or "SwarmLocked";
        _noManager = gone;
        if (gone)
        {
            SelfId = "";
            _sync.Forget();
        }
        if (_failingSince == 0)
        {
            _failingSince = _time.GetTimestamp();
        }
        if (gone || _time.GetElapsedTime(_failingSince) > Patience)
        {
            MirrorWatch[] watches;
            lock (_gate)
            {
                watches = [.. _watches];
            }
            foreach (var watch in watches)
            {
                watch.Lose(why);
            }
        }
        return why;
    }

    private async Task LookAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var interval = RetryInterval;
            try
            {
                // An engine logs an error for each request about a swarm that it does not manage.
                if (!_noManager || (await _engine.GetAsync("/info", _stop.Token)).Object("Swarm").Flag("ControlAvailable"))
                {
                    await RefreshAsync(_stop.Token);
                    interval = Interval();
                }
            }
            catch (Exception e) when (e is SwarmException or EngineException)
            {
                // The callers get the error; the next poll may succeed.
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The loop must outlive a fault in one poll; the fault is logged.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogFault(_logger, e);
            }
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            wait.CancelAfter(interval);
            try
            {
                await _wake.Reader.ReadAsync(wait.Token);
            }
            catch (OperationCanceledException)
            {
                // The interval is over, or swarmd stops.
            }
        }
    }

    private TimeSpan Interval()
    {
        lock (_gate)
        {
            if (_watches.Count == 0)
            {
                return IdleInterval;
            }
        }
        var fair = _lastTook * (ShareOfTime - 1);
        return fair > WatchedInterval ? fair : WatchedInterval;
    }

    private async Task FollowEventsAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var _ in _engine.EventsAsync(_stop.Token))
                {
                    Wake();
                }
            }
            catch (Exception e)
                when (e
                        is HttpRequestException
                            or IOException
                            or EngineException
                            or SwarmException
                            or JsonException
                            or OperationCanceledException
                )
            {
                // The engine is away, or a worker's: polling goes on, and events come again when they can.
            }
            try
            {
                await Task.Delay(RetryInterval, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Reading the engine's swarm met an unexpected fault.")]
    private static partial void LogFault(ILogger logger, Exception e);
}
