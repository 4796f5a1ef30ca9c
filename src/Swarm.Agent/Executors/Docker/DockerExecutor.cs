using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;
using Swarm.Core.Model;
using Swarm.Wire.Limits;
using NodeDescription = Swarm.Core.Model.NodeDescription;

namespace Swarm.Agent.Executors.Docker;

/// <summary>Runs tasks as containers of a Docker-API engine. Sees only containers with its own cluster's and node's labels, so several nodes can share an
/// engine. Containers outlive swarmd and, with live-restore, the engine.</summary>
public sealed class DockerExecutor : ITaskExecutor
{
    /// <summary>The time beyond its schedule that a busy engine has for a first health check.</summary>
    private static readonly TimeSpan CheckPatience = TimeSpan.FromSeconds(5);

    /// <summary>The interval of looks for a first health check that is overdue.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(30);

    private readonly DockerExecutorOptions _options;
    private readonly TimeProvider _time;
    private readonly DockerClient _client;
    private readonly EngineImages _images;
    private readonly ContainerWatch _watch;
    private readonly EngineSlots _slots;
    private int _disposed;
    private readonly ConcurrentDictionary<string, string> _containerIds = new(StringComparer.Ordinal);

    /// <summary>Create calls that the engine has not finished. It finishes them whether or not the caller still waits for the
    /// answer.</summary>
    private readonly ConcurrentDictionary<string, Task> _creations = new(StringComparer.Ordinal);

    /// <param name="options">The engine, and the limits of its use.</param>
    /// <param name="time">The clock by which a health check is overdue; null: the system's.</param>
    public DockerExecutor(DockerExecutorOptions options, TimeProvider? time = null)
    {
        _options = options;
        _time = time ?? TimeProvider.System;
        _client = EngineConnection.Builder(options.Endpoint).Build();
        _images = new EngineImages(_client, options.Endpoint);
        _slots = new EngineSlots(options.Parallelism);
        _watch = new ContainerWatch(_client, options.Node);
    }

    /// <summary>The value of executor in the descriptions of these nodes. Only this executor pulls images.</summary>
    public string Name => ExecutorNames.Docker;

    public async Task<NodeDescription> DescribeAsync(CancellationToken cancellation)
    {
        var info = await EngineErrors.AskAsync(() => _client.System.GetSystemInfoAsync(cancellation), cancellation);
        var node = _options.Node;
        var labels = (info.Labels ?? [])
            .Select(label => label.Split('=', 2))
            .Select(parts => KeyValuePair.Create(parts[0], parts.Length > 1 ? parts[1] : ""))
            .Concat(node.Labels);
        var plugins = (info.Plugins?.Network ?? [])
            .Select(p => "Network/" + p)
            .Concat((info.Plugins?.Volume ?? []).Select(p => "Volume/" + p));
        return new NodeDescription
        {
            Hostname = node.Hostname.Length > 0 ? node.Hostname : info.Name,
            Os = info.OSType,
            Architecture = MachineArchitecture.NameOf(info.Architecture),
            Resources = node.Resources ?? new ResourceAmount(info.NCPU * 1_000_000_000L, info.MemTotal),
            EngineVersion = info.ServerVersion,
            EngineLabels = ValueMap.From(labels),
            Plugins = plugins.Order(StringComparer.Ordinal).ToValueList(),
            Executor = Name,
            SwarmdVersion = node.SwarmdVersion,
        };
    }

    public async Task<IReadOnlyList<ExecutorTask>> ListAsync(CancellationToken cancellation)
    {
        var containers = await EngineErrors.AskAsync(
            () => _client.Containers.ListContainersAsync(DockerLabels.List(_options.Node), cancellation),
            cancellation
        );
        var found = new List<ExecutorTask>();
        foreach (var container in containers.OrderBy(c => c.Labels[DockerLabels.TaskId], StringComparer.Ordinal))
        {
            try
            {
                var inspected = await EngineErrors.AskAsync(
                    () => _client.Containers.InspectContainerAsync(container.ID, cancellation),
                    cancellation
                );
                _containerIds[container.Labels[DockerLabels.TaskId]] = container.ID;
                found.Add(
                    new ExecutorTask(
                        container.Labels[DockerLabels.TaskId],
                        container.Labels[DockerLabels.ServiceId],
                        ContainerStatus.Of(inspected)
                    )
                );
            }
            catch (DockerContainerNotFoundException)
            {
                // The container was removed since it was listed.
            }
        }
        return found;
    }

    public async Task<string> PrepareAsync(TaskDefinition task, CancellationToken cancellation)
    {
        var image = task.Spec.Container.Image;
        try
        {
            return await CreateAsync(task, cancellation);
        }
        catch (DockerApiException e) when (IsImageMissing(e))
        {
            // As in Docker, a failed pull shows as a missing image. Docker leaves the reason in the engine's log; here the task's error has
            // it.
            var pullError = await _images.PullAsync(image, task.RegistryCredential, cancellation);
            try
            {
                return await CreateAsync(task, cancellation);
            }
            catch (DockerApiException still) when (IsImageMissing(still))
            {
                var reason = pullError is DockerApiException refused ? $" ({EngineErrors.MessageOf(refused)})" : "";
                throw new TaskRejectedException("NoSuchImage", $"No such image: {BoundedText.Argument(image)}{reason}", pullError ?? still);
            }
        }
    }

    public async Task StartAsync(TaskDefinition task, CancellationToken cancellation)
    {
        var id =
            await FindAsync(task.TaskId, cancellation)
            ?? throw new TaskFailedException($"starting container failed: No such container: {task.ContainerName}");
        await _slots.EnterStartAsync(cancellation);
        try
        {
            await EngineErrors.CallAsync(() => _client.Containers.StartContainerAsync(id, null, cancellation), cancellation);
        }
        catch (DockerApiException e)
        {
            throw new TaskFailedException("starting container failed: " + EngineErrors.MessageOf(e), inner: e);
        }
        finally
        {
            _slots.Leave();
        }
    }

    public Task WaitHealthyAsync(TaskDefinition task, CancellationToken cancellation) =>
        WaitHealthyAsync(task, static _ => { }, cancellation);

    public async Task WaitHealthyAsync(TaskDefinition task, Action<string> report, CancellationToken cancellation)
    {
        if (await WatchAsync(task.TaskId, cancellation) is not { } watched)
        {
            throw new TaskFailedException($"No such container: {task.ContainerName}");
        }
        var decided = Task.WhenAny(watched.Healthy, watched.Unhealthy, watched.Ended);
        if (!decided.IsCompleted && watched.Schedule is { } schedule)
        {
            await WaitForCheckAsync(watched, decided, schedule, report, cancellation);
        }
        await decided.WaitAsync(cancellation);
        if (watched.Unhealthy.IsCompleted)
        {
            throw new TaskFailedException(ExitMessages.Unhealthy);
        }
        if (watched.Ended.IsCompleted && !watched.Healthy.IsCompleted && (watched.HasHealthCheck || watched.IsGone))
        {
            var exit = await watched.Ended;
            throw new TaskFailedException(ExitMessages.BeforeHealthy(exit.Error), exit.ExitCode);
        }
    }

    public async Task<ExecutorExit> WaitExitAsync(TaskDefinition task, CancellationToken cancellation)
    {
        if (await WatchAsync(task.TaskId, cancellation) is not { } watched)
        {
            return new ExecutorExit(137, $"No such container: {task.ContainerName}");
        }
        await Task.WhenAny(watched.Ended, watched.Unhealthy).WaitAsync(cancellation);
        return watched.Ended.IsCompleted ? await watched.Ended : new ExecutorExit(0, ExitMessages.Unhealthy);
    }

    public async Task StopAsync(TaskDefinition task, CancellationToken cancellation)
    {
        if (await FindAsync(task.TaskId, cancellation) is not { } id)
        {
            return;
        }
        try
        {
            var grace = (uint)Math.Ceiling(task.Spec.Container.StopGracePeriod.TotalSeconds);
            await EngineErrors.CallAsync(
                () =>
                    _client.Containers.StopContainerAsync(id, new ContainerStopParameters { WaitBeforeKillSeconds = grace }, cancellation),
                cancellation
            );
            if (_watch.Find(id) is { Ended.IsCompleted: false } watched)
            {
                await EngineErrors.AskAsync(
                    async () =>
                    {
                        await _watch.LookAsync(watched, cancellation);
                        return true;
                    },
                    cancellation
                );
            }
        }
        catch (DockerContainerNotFoundException)
        {
            _watch.Forget(id);
        }
    }

    public async Task RemoveAsync(string taskId, CancellationToken cancellation)
    {
        if (_creations.TryGetValue(taskId, out var creation))
        {
            await creation.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
            _creations.TryRemove(taskId, out _);
        }
        if (await FindAsync(taskId, cancellation) is not { } id)
        {
            return;
        }
        try
        {
            await EngineErrors.CallAsync(
                async () =>
                {
                    await _client.Containers.RemoveContainerAsync(
                        id,
                        new ContainerRemoveParameters { Force = true, RemoveVolumes = true },
                        cancellation
                    );
                    return true;
                },
                cancellation
            );
        }
        catch (DockerContainerNotFoundException)
        {
            // The container is gone already.
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            // "removal of container … is already in progress".
        }
        _containerIds.TryRemove(taskId, out _);
        _watch.Forget(id);
    }

    public Task<ResolvedImage?> ResolveImageAsync(string image, RegistryCredential? credential, CancellationToken cancellation) =>
        _images.ResolveImageAsync(image, credential, cancellation);

    public async Task<long> GetPidAsync(TaskDefinition task, CancellationToken cancellation) =>
        await WatchAsync(task.TaskId, cancellation) is { Ended.IsCompleted: false } watched ? watched.Pid : 0;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        await _watch.DisposeAsync();
        _client.Dispose();
    }

    private async Task<string> CreateAsync(TaskDefinition task, CancellationToken cancellation)
    {
        await _slots.EnterCreationAsync(cancellation);
        var creation = EngineErrors.CallAsync(
            () => _client.Containers.CreateContainerAsync(ContainerParameters.From(task, _options.Node), CancellationToken.None),
            CancellationToken.None
        );
        _creations[task.TaskId] = creation;
        try
        {
            var created = await creation.WaitAsync(cancellation);
            return _containerIds[task.TaskId] = created.ID;
        }
        catch (DockerApiException e) when (EngineErrors.IsNameTaken(e))
        {
            // The container was prepared before, or the name belongs to another: the labels decide.
            return await FindAsync(task.TaskId, cancellation)
                ?? throw new TaskRejectedException("InvalidOption", EngineErrors.MessageOf(e), e);
        }
        catch (DockerApiException e) when (!IsImageMissing(e))
        {
            throw new TaskRejectedException("InvalidOption", EngineErrors.MessageOf(e), e);
        }
        finally
        {
            if (creation.IsCompleted)
            {
                _creations.TryRemove(task.TaskId, out _);
            }
            _slots.Leave();
        }
    }

    /// <summary>Waits until the container's health is decided, or the engine has run a first check. Tells when the engine has run none in
    /// the time that the check's own schedule gives it.</summary>
    private async Task WaitForCheckAsync(
        WatchedContainer watched,
        Task decided,
        (TimeSpan Interval, TimeSpan Timeout) schedule,
        Action<string> report,
        CancellationToken cancellation
    )
    {
        // An engine runs the first check after one interval.
        var due = (2 * schedule.Interval) + schedule.Timeout + CheckPatience;
        var isTold = false;
        for (var wait = due; !decided.IsCompleted && !watched.WasChecked; wait = LookPeriod)
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await Task.WhenAny(decided, LongDelay.WaitAsync(wait, _time, over.Token));
            cancellation.ThrowIfCancellationRequested();
            await over.CancelAsync();
            if (decided.IsCompleted)
            {
                return;
            }
            await EngineErrors.AskAsync(
                async () =>
                {
                    await _watch.LookAsync(watched, cancellation);
                    return true;
                },
                cancellation
            );
            if (!isTold && !watched.WasChecked && !decided.IsCompleted)
            {
                isTold = true;
                report(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the health check was due after {schedule.Interval.TotalSeconds} s and has not run within {due.TotalSeconds} s; the engine runs none (Podman needs systemd for them)"
                    )
                );
            }
        }
    }

    private static bool IsImageMissing(DockerApiException e) => e.StatusCode == HttpStatusCode.NotFound;

    private async Task<string?> FindAsync(string taskId, CancellationToken cancellation)
    {
        if (_containerIds.TryGetValue(taskId, out var known))
        {
            return known;
        }
        var found = await EngineErrors.AskAsync(
            () => _client.Containers.ListContainersAsync(DockerLabels.List(_options.Node, taskId), cancellation),
            cancellation
        );
        return found.FirstOrDefault(c => DockerLabels.AreOf(c.Labels, _options.Node)) is { } container
            ? _containerIds[taskId] = container.ID
            : null;
    }

    private async Task<WatchedContainer?> WatchAsync(string taskId, CancellationToken cancellation) =>
        await FindAsync(taskId, cancellation) is { } id
            ? await EngineErrors.AskAsync(() => _watch.WatchAsync(id, cancellation), cancellation)
            : null;
}
