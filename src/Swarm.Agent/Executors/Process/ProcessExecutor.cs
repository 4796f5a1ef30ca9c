using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Swarm.Agent.Executors.Process.Cgroups;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Host.Processes;
using Swarm.Wire.Limits;

namespace Swarm.Agent.Executors.Process;

/// <summary>Runs tasks as supervised processes of this host, each in a session of its own, for machines without an engine. Linux only.</summary>
/// <remarks>Everything that must outlive swarmd is in the task's directory: <c>task.json</c>, <c>supervisor</c> and <c>started</c> (boot id, pid, start
/// time), <c>exit</c>, <c>stdout</c>, <c>stderr</c>. Under systemd, swarmd's unit needs <c>KillMode=process</c>.</remarks>
public sealed class ProcessExecutor : ITaskExecutor
{
    private readonly ProcessExecutorOptions _options;
    private readonly TimeProvider _time;
    private readonly ControlGroups _groups;
    private readonly ConcurrentDictionary<string, SupervisedTask> _tasks = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _launches;
    private readonly string _supervisorScript;

    /// <exception cref="SwarmException">This is not Linux.</exception>
    public ProcessExecutor(ProcessExecutorOptions options, TimeProvider? time = null)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new SwarmException(
                SwarmErrorKind.NotSupported,
                "NotSupportedByExecutor",
                "The process executor runs on Linux only.",
                RuntimeInformation.OSDescription,
                "Use the Docker executor on this system."
            );
        }
        _options = options with
        {
            TasksDirectory = Path.GetFullPath(options.TasksDirectory),
            ImagesDirectory = Path.GetFullPath(options.ImagesDirectory),
        };
        _time = time ?? TimeProvider.System;
        _groups = ControlGroups.Detect(_options.MountTable);
        _launches = new SemaphoreSlim(options.LaunchParallelism);
        Directory.CreateDirectory(_options.TasksDirectory);
        TaskDirectory.RemoveRests(_options.TasksDirectory);
        _supervisorScript = Path.Combine(_options.TasksDirectory, TaskScripts.SupervisorFile);
        WriteAtomically(_supervisorScript, TaskScripts.Supervisor);
        WriteAtomically(Path.Combine(_options.TasksDirectory, TaskScripts.GuardFile), TaskScripts.Guard);
    }

    public string Name => ExecutorNames.Process;

    public Task<NodeDescription> DescribeAsync(CancellationToken cancellation)
    {
        var node = _options.Node;
        return Task.FromResult(
            new NodeDescription
            {
                Hostname = node.Hostname,
                Os = "linux",
                Architecture = MachineArchitecture.Name,
                Resources = node.Resources ?? new ResourceAmount(Environment.ProcessorCount * 1_000_000_000L, TotalMemory()),
                EngineVersion = node.SwarmdVersion,
                EngineLabels = node.Labels,
                Executor = Name,
                SwarmdVersion = node.SwarmdVersion,
                Warnings = _groups.Missing is { } reason
                    ?
                    [
                        $"Tasks have no control groups: {reason} A process that leaves its task may outlive it. "
                            + "Run swarmd as root, or with Delegate=yes in its unit.",
                    ]
                    : [],
            }
        );
    }

    public Task<IReadOnlyList<ExecutorTask>> ListAsync(CancellationToken cancellation)
    {
        var found = new List<ExecutorTask>();
        foreach (var directory in TaskDirectory.All(_options.TasksDirectory).Order(StringComparer.Ordinal))
        {
            if (Find(Path.GetFileName(directory)) is { } task)
            {
                task.Watch();
                found.Add(new ExecutorTask(task.Record.TaskId, task.Record.ServiceId, task.Observe()));
            }
        }
        return Task.FromResult<IReadOnlyList<ExecutorTask>>(found);
    }

    public Task<string> PrepareAsync(TaskDefinition task, CancellationToken cancellation) =>
        Task.Run(
            () =>
            {
                if (Find(task.TaskId) is { } existing)
                {
                    return existing.Record.ContainerId;
                }
                var image =
                    ProcessImage.Find(_options.ImagesDirectory, task.Spec.Container.Image)
                    ?? throw new TaskRejectedException("NoSuchImage", $"No such image: {BoundedText.Argument(task.Spec.Container.Image)}");
                var directory = DirectoryOf(task.TaskId);
                var record = TaskRecordBuilder.Build(
                    task,
                    image,
                    _options.Node,
                    directory,
                    TaskScripts.Command(_options.SampleServer),
                    _time.GetUtcNow()
                );
                Directory.CreateDirectory(directory);
                TaskGroup? groups = null;
                try
                {
                    if (record.WorkingDirectory == Path.Combine(directory, "work"))
                    {
                        MakeWorkDirectory(record.WorkingDirectory, record.Prefix.Count > 0);
                    }
                    groups = _groups.Create(task.TaskId, task.Spec.Resources.Limits, task.Spec.Resources.PidsLimit);
                    record = record with { HomeGroup = groups.Home, LimitGroups = [.. groups.Limiting] };
                    try
                    {
                        record = record with
                        {
                            Arguments = [TaskRecordBuilder.FindProgram(record, image.Directory), .. record.Arguments.Skip(1)],
                        };
                    }
                    catch (TaskFailedException e)
                    {
                        // As with an engine, a missing program is found when the task is started.
                        File.WriteAllText(Path.Combine(directory, "unstartable"), e.Message);
                    }
                    WriteScripts(record, directory, groups);
                    WriteAtomically(
                        Path.Combine(directory, "task.json"),
                        JsonSerializer.Serialize(record, TaskRecordJson.Default.TaskRecord)
                    );
                }
                catch (Exception e) when (e is TaskRejectedException or IOException)
                {
                    groups?.Remove();
                    Directory.Delete(directory, recursive: true);
                    throw;
                }
                _tasks[task.TaskId] = new SupervisedTask(record, directory, groups, _options, _time);
                return record.ContainerId;
            },
            cancellation
        );

    public async Task StartAsync(TaskDefinition task, CancellationToken cancellation)
    {
        var supervised =
            Find(task.TaskId) ?? throw new TaskFailedException($"starting container failed: No such container: {task.ContainerName}");
        var unstartable = Path.Combine(supervised.Directory, "unstartable");
        if (File.Exists(unstartable))
        {
            throw new TaskFailedException(await File.ReadAllTextAsync(unstartable, cancellation), 127);
        }
        await supervised.LaunchAsync(_supervisorScript, _launches).WaitAsync(cancellation);
    }

    public async Task WaitHealthyAsync(TaskDefinition task, CancellationToken cancellation)
    {
        if (Find(task.TaskId) is not { WasStarted: true } supervised)
        {
            throw new TaskFailedException($"No such container: {task.ContainerName}");
        }
        supervised.Watch();
        if (supervised.Record.HealthCheck is null)
        {
            return;
        }
        var first = await Task.WhenAny(supervised.Healthy, supervised.Unhealthy, supervised.Ended).WaitAsync(cancellation);
        if (first == supervised.Ended)
        {
            var code = await supervised.Ended;
            throw new TaskFailedException(ExitMessages.BeforeHealthy(ErrorOf(supervised, code)), code);
        }
        if (first == supervised.Unhealthy)
        {
            throw new TaskFailedException(ExitMessages.Unhealthy);
        }
    }

    public async Task<ExecutorExit> WaitExitAsync(TaskDefinition task, CancellationToken cancellation)
    {
        if (Find(task.TaskId) is not { WasStarted: true } supervised)
        {
            return new ExecutorExit(128 + ProcessSignal.Kill, $"No such container: {task.ContainerName}");
        }
        supervised.Watch();
        await Task.WhenAny(supervised.Ended, supervised.Unhealthy).WaitAsync(cancellation);
        if (!supervised.Ended.IsCompleted)
        {
            return new ExecutorExit(0, ExitMessages.Unhealthy);
        }
        var code = await supervised.Ended;
        return new ExecutorExit(code, ErrorOf(supervised, code));
    }

    public async Task StopAsync(TaskDefinition task, CancellationToken cancellation)
    {
        if (Find(task.TaskId) is { WasStarted: true } supervised)
        {
            supervised.Watch();
            if (!supervised.Ended.IsCompleted)
            {
                supervised.Signal(supervised.Record.StopSignal);
                await Task.WhenAny(supervised.Ended, LongDelay.WaitAsync(supervised.Record.StopGracePeriod, _time, cancellation));
                cancellation.ThrowIfCancellationRequested();
                await KillAsync(supervised, cancellation);
            }
        }
    }

    public async Task RemoveAsync(string taskId, CancellationToken cancellation)
    {
        if (Find(taskId) is { } supervised)
        {
            // A launch goes on even when its caller gave up. The program that it starts must not outlive the directory.
            await supervised.LaunchOverAsync().WaitAsync(cancellation);
            if (supervised.WasStarted)
            {
                supervised.Watch();
                await KillAsync(supervised, cancellation);
            }
            supervised.Dispose();
            await supervised.EndChecksAsync();
            if (!await supervised.KillAllAsync())
            {
                throw new IOException($"Processes of task {taskId} have not ended within 10 s after SIGKILL: they wait in the kernel.");
            }
            _tasks.TryRemove(taskId, out _);
            supervised.RemoveGroups();
        }
        else if (SupervisedTask.Open(DirectoryOf(taskId), _groups, _options, _time) is not null)
        {
            // The task belongs to another node.
            return;
        }
        await TaskDirectory.RemoveAsync(DirectoryOf(taskId), cancellation);
    }

    public Task<ResolvedImage?> ResolveImageAsync(string image, RegistryCredential? credential, CancellationToken cancellation)
    {
        try
        {
            return Task.FromResult(
                ProcessImage.Find(_options.ImagesDirectory, image) is { Digest: { } digest } ? new ResolvedImage(digest) : null
            );
        }
        catch (TaskRejectedException)
        {
            return Task.FromResult<ResolvedImage?>(null);
        }
    }

    public Task<long> GetPidAsync(TaskDefinition task, CancellationToken cancellation) =>
        Task.FromResult((long)(Find(task.TaskId)?.Pid ?? 0));

    /// <summary>Ends the watch over the tasks; they run on.</summary>
    public ValueTask DisposeAsync()
    {
        foreach (var task in _tasks.Values)
        {
            task.Dispose();
        }
        return ValueTask.CompletedTask;
    }

    private static async Task KillAsync(SupervisedTask task, CancellationToken cancellation)
    {
        while (!task.Ended.IsCompleted)
        {
            // Repeated, because right after its start the program's process may not exist yet.
            await task.KillAllAsync();
            await Task.WhenAny(task.Ended, Task.Delay(20, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private static string ErrorOf(SupervisedTask task, int code) => ExitMessages.For(code, code == 137 && task.WasOutOfMemory);

    private SupervisedTask? Find(string taskId)
    {
        if (_tasks.TryGetValue(taskId, out var task))
        {
            return task;
        }
        var opened = SupervisedTask.Open(DirectoryOf(taskId), _groups, _options, _time);
        return opened is null || opened.Record.ClusterId != _options.Node.ClusterId || opened.Record.NodeId != _options.Node.NodeId
            ? null
            : _tasks.GetOrAdd(taskId, opened);
    }

    private string DirectoryOf(string taskId) =>
        taskId.Length > 0 && taskId.All(char.IsAsciiLetterOrDigit)
            ? Path.Combine(_options.TasksDirectory, taskId)
            : throw new ArgumentException($"'{taskId}' is not a task id.", nameof(taskId));

    private static void MakeWorkDirectory(string path, bool otherUser)
    {
        Directory.CreateDirectory(path);
        if (otherUser && OperatingSystem.IsLinux())
        {
            // The program runs as another user, and this is its own directory: open to all, with the sticky bit, as /tmp is.
            const UnixFileMode Everyone = (UnixFileMode)0b001_111_111_111;
            File.SetUnixFileMode(path, Everyone);
        }
    }

    private void WriteScripts(TaskRecord record, string directory, TaskGroup groups)
    {
        var direct = SystemTool.StartsDirectly;
        TaskDirectory.WritePrivately(Path.Combine(directory, "run.sh"), TaskScripts.Run(record, directory, groups.ProgramJoins, direct));
        TaskDirectory.WritePrivately(Path.Combine(directory, "end.sh"), TaskScripts.End(groups, _options.OrphanAdopter.Count > 0));
        if (record.HealthCheck is not null)
        {
            TaskDirectory.WritePrivately(Path.Combine(directory, "check.sh"), TaskScripts.Check(record, groups.CheckJoins, direct));
        }
    }

    private static void WriteAtomically(string path, string text)
    {
        var temporary = string.Create(CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId}.tmp");
        TaskDirectory.WritePrivately(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }

    private static long TotalMemory()
    {
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.AsSpan(9).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
    }
}
