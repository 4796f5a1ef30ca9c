using System.Collections.Concurrent;
using System.Globalization;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;

namespace Swarm.Agent.Executors.Docker;

/// <summary>The known state of a container's end and health.</summary>
internal sealed class WatchedContainer(string id)
{
    private readonly TaskCompletionSource<ExecutorExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _unhealthy = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id => id;
    public bool OutOfMemory { get; set; }

    /// <summary>The container's first process, once an inspection has seen it running; else 0. From then on, events report its
    /// changes.</summary>
    public long Pid { get; private set; }

    /// <summary>The container has a health check: the service's, or its image's.</summary>
    public bool HasHealthCheck { get; private set; }

    /// <summary>The interval and the timeout of its health check, once an inspection has told them.</summary>
    public (TimeSpan Interval, TimeSpan Timeout)? Schedule { get; private set; }

    /// <summary>The engine has the result of a check.</summary>
    public bool WasChecked { get; private set; }

    /// <summary>The container was removed: its state can no longer be read.</summary>
    public bool IsGone { get; private set; }
    public Task<ExecutorExit> Ended => _ended.Task;
    public Task Healthy => _healthy.Task;
    public Task Unhealthy => _unhealthy.Task;

    public void End(int code, bool outOfMemory) =>
        _ended.TrySetResult(new ExecutorExit(code, ExitMessages.For(code, code != 0 && outOfMemory)));

    public void Gone()
    {
        IsGone = true;
        _ended.TrySetResult(new ExecutorExit(137, $"No such container: {id}"));
    }

    public void BecomeHealthy() => _healthy.TrySetResult();

    public void BecomeUnhealthy() => _unhealthy.TrySetResult();

    /// <summary>Applies the result of an inspection.</summary>
    public void Observe(ContainerInspectResponse container)
    {
        if (container.State is not { } state)
        {
            return;
        }
        if (container.Config?.Healthcheck is { } check)
        {
            Schedule = (Given(check.Interval), Given(check.Timeout));
        }
        WasChecked |= state.Health?.Log is { Count: > 0 };
        // An engine keeps the health of a container that has ended.
        HasHealthCheck |= state.Health is { Status: not (null or "" or "none") };
        if (state.Status is "exited" or "dead")
        {
            End((int)state.ExitCode, state.OOMKilled || OutOfMemory);
            return;
        }
        if (state.Running)
        {
            Pid = state.Pid;
        }
        switch (state.Health?.Status)
        {
            case "unhealthy":
                BecomeUnhealthy();
                break;
            case "starting":
                break;
            default:
                // Healthy, or without a check.
                if (state.Running)
                {
                    BecomeHealthy();
                }
                break;
        }
    }

    /// <summary>An engine's default for interval and timeout. Source: Docker's HEALTHCHECK.</summary>
    private static TimeSpan Given(TimeSpan? time) => time is { Ticks: > 0 } given ? given : TimeSpan.FromSeconds(30);
}

/// <summary>A single stream of events for all of this node's containers, instead of a wait call for each. When it breaks (the engine
/// restarts), it is opened again and every container is inspected, because events in between are lost.</summary>
internal sealed class ContainerWatch : IAsyncDisposable
{
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(500);

    private readonly IDockerClient _client;
    private readonly ExecutorNode _node;
    private readonly ConcurrentDictionary<string, WatchedContainer> _containers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closed = new();
    private readonly Task _run;

    public ContainerWatch(IDockerClient client, ExecutorNode node)
    {
        _client = client;
        _node = node;
        _run = Task.Run(RunAsync);
    }

    /// <summary>The container's watch, brought up to date by an inspection unless one has seen it running before.</summary>
    public async Task<WatchedContainer> WatchAsync(string id, CancellationToken cancellation)
    {
        // Listens first, then inspects: an end between the two is noticed by one of them.
        var watched = _containers.GetOrAdd(id, key => new WatchedContainer(key));
        if (watched.Pid == 0)
        {
            await LookAsync(watched, cancellation);
        }
        return watched;
    }

    public WatchedContainer? Find(string id) => _containers.GetValueOrDefault(id);

    public void Forget(string id)
    {
        if (_containers.TryRemove(id, out var watched))
        {
            watched.Gone();
        }
    }

    public async Task LookAsync(WatchedContainer watched, CancellationToken cancellation)
    {
        try
        {
            watched.Observe(await _client.Containers.InspectContainerAsync(watched.Id, cancellation));
        }
        catch (DockerContainerNotFoundException)
        {
            watched.Gone();
        }
    }

    private async Task RunAsync()
    {
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                var parameters = new ContainerEventsParameters { Filters = DockerLabels.Filter(_node) };
                parameters.Filters["type"] = new Dictionary<string, bool> { ["container"] = true };
                using var stream = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
                var events = _client.System.MonitorEventsAsync(parameters, new Listener(this), stream.Token);
                var looks = LookAtAllAsync(stream.Token);
                await events;
                await looks;
            }
            catch (OperationCanceledException) when (_closed.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The stream is opened again after any failure: transports throw many kinds of exceptions.
            catch (Exception)
#pragma warning restore CA1031
            {
                // The engine is away.
            }
            await Task.Delay(ReconnectPause, _closed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Inspects all containers when the stream opens, once more when it certainly is open, and then periodically in case an
    /// event is lost.</summary>
    private async Task LookAtAllAsync(CancellationToken cancellation)
    {
        TimeSpan[] pauses = [TimeSpan.Zero, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)];
        for (var round = 0; !cancellation.IsCancellationRequested; round++)
        {
            await Task.Delay(pauses[Math.Min(round, 2)], cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                var running = (await _client.Containers.ListContainersAsync(DockerLabels.List(_node), cancellation))
                    .Where(c => c.State == "running")
                    .Select(c => c.ID)
                    .ToHashSet(StringComparer.Ordinal);
                foreach (var watched in _containers.Values.Where(w => !w.Ended.IsCompleted && (round < 2 || !running.Contains(w.Id))))
                {
                    await LookAsync(watched, cancellation);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
#pragma warning disable CA1031 // As above: the engine is away; the broken stream leads back here.
            catch (Exception)
#pragma warning restore CA1031
            {
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        await _run;
        _closed.Dispose();
    }

    /// <summary>Takes events in their order (System.Progress would hand them to the thread pool).</summary>
    private sealed class Listener(ContainerWatch watch) : IProgress<Message>
    {
        public void Report(Message value)
        {
            if (value.Actor?.ID is not { } id || !watch._containers.TryGetValue(id, out var watched))
            {
                return;
            }
            switch (value.Action)
            {
                case "oom":
                    watched.OutOfMemory = true;
                    break;
                case "die":
                    var code = 0;
                    var isKnown =
                        value.Actor.Attributes?.TryGetValue("exitCode", out var text) == true
                        && int.TryParse(text, CultureInfo.InvariantCulture, out code);
                    if (!isKnown || (code == 137 && !watched.OutOfMemory))
                    {
                        // Killed: an inspection shows whether the kernel ran out of memory. Not every engine sends the code.
                        _ = SettleAsync(watched, isKnown ? code : null);
                        break;
                    }
                    watched.End(code, watched.OutOfMemory);
                    break;
                case "health_status: healthy":
                    watched.BecomeHealthy();
                    break;
                case "health_status: unhealthy":
                    watched.BecomeUnhealthy();
                    break;
                // Podman sends it without the result.
                case "health_status":
                    _ = LookAgainAsync(watched);
                    break;
            }
        }

        private async Task LookAgainAsync(WatchedContainer watched)
        {
            try
            {
                await watch.LookAsync(watched, watch._closed.Token);
            }
#pragma warning disable CA1031 // The next event, or the next look at all containers, tries again.
            catch (Exception)
#pragma warning restore CA1031
            {
                // The engine is away.
            }
        }

        private async Task SettleAsync(WatchedContainer watched, int? known)
        {
            var code = known ?? 137;
            try
            {
                var state = (await watch._client.Containers.InspectContainerAsync(watched.Id, watch._closed.Token)).State;
                watched.End(known ?? (int)(state?.ExitCode ?? code), state?.OOMKilled == true);
            }
#pragma warning disable CA1031 // The event already reports the end; the inspection only adds the reason.
            catch (Exception)
#pragma warning restore CA1031
            {
                watched.End(code, watched.OutOfMemory);
            }
        }
    }
}
