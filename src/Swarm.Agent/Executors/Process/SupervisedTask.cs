using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Swarm.Agent.Executors.Process.Cgroups;
using Swarm.Core.Model;
using Swarm.Host.Processes;

namespace Swarm.Agent.Executors.Process;

/// <summary>A task of the process executor: its directory on disk, and the watch over its supervisor.</summary>
internal sealed class SupervisedTask : IDisposable
{
    /// <summary>The interval for polling log sizes and the supervisors of an earlier swarmd (child processes report their end at
    /// once).</summary>
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>The exit code after SIGKILL.</summary>
    private const int KilledCode = 128 + ProcessSignal.Kill;

    /// <summary>Attempts to end every process of the task: 10 s in all. Only one that waits in the kernel takes that long.</summary>
    private const int KillRounds = 2000;

    private static readonly TimeSpan KillPause = TimeSpan.FromMilliseconds(5);

    private readonly TaskGroup _group;
    private readonly ProcessExecutorOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _checksOver;
    private Task _checks = Task.CompletedTask;
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _unhealthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Task<bool>? _launch;
    private bool _watched;

    public SupervisedTask(TaskRecord record, string directory, TaskGroup group, ProcessExecutorOptions options, TimeProvider time)
    {
        Record = record;
        Directory = directory;
        _group = group;
        _options = options;
        _time = time;
        _checksOver = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        if (record.HealthCheck is null || File.Exists(InDirectory("healthy")))
        {
            _healthy.TrySetResult();
        }
    }

    public TaskRecord Record { get; }
    public string Directory { get; }
    public Task<int> Ended => _ended.Task;
    public Task Healthy => _healthy.Task;
    public Task Unhealthy => _unhealthy.Task;

    /// <summary>The program's process; 0 when it does not run. A pid that another process has by now is not told.</summary>
    public int Pid => Program is { IsAlive: true } program ? program.Pid : 0;

    /// <summary>True when the kernel has killed a process of the task because it ran out of memory.</summary>
    public bool WasOutOfMemory => _group.WasOutOfMemory();
    private ProcessIdentity? Program => ProcessIdentity.Read(InDirectory("started"));
    private ProcessIdentity? SupervisorProcess => ProcessIdentity.Read(InDirectory("supervisor"));

    /// <summary>This or an earlier swarmd has started a supervisor.</summary>
    public bool WasStarted => File.Exists(InDirectory("supervisor"));

    /// <summary>The task of a directory; null when it is none.</summary>
    public static SupervisedTask? Open(string directory, ControlGroups groups, ProcessExecutorOptions options, TimeProvider time)
    {
        try
        {
            var record = JsonSerializer.Deserialize(
                File.ReadAllBytes(Path.Combine(directory, "task.json")),
                TaskRecordJson.Default.TaskRecord
            );
            return record is null
                ? null
                : new SupervisedTask(
                    record,
                    directory,
                    record.LimitGroups is { } limits ? new TaskGroup(record.HomeGroup, limits) : groups.OfEarlier(record.TaskId),
                    options,
                    time
                );
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The status that the files alone show.</summary>
    public TaskStatus Observe()
    {
        var status = new TaskStatus
        {
            State = TaskState.Ready,
            Timestamp = Record.CreatedAt,
            ContainerId = Record.ContainerId,
        };
        if (!WasStarted)
        {
            return status;
        }
        if (ReadExit() is var (code, at))
        {
            return status with
            {
                State = code == 0 ? TaskState.Complete : TaskState.Failed,
                Timestamp = at,
                ExitCode = code,
                Error = ExitMessages.For(code, code == KilledCode && WasOutOfMemory),
            };
        }
        return status with
        {
            State = _healthy.Task.IsCompleted ? TaskState.Running : TaskState.Starting,
            Timestamp = File.GetLastWriteTimeUtc(InDirectory("supervisor")),
            Pid = Pid,
        };
    }

    /// <summary>Starts the supervisor unless it has been started before. Completes when the program's process exists.</summary>
    /// <returns>False when a program could not be started at all.</returns>
    public Task<bool> LaunchAsync(string supervisorScript, SemaphoreSlim launches)
    {
        lock (_gate)
        {
            return _launch ??= StartAsync(supervisorScript, launches);
        }
    }

    /// <summary>Completes when no launch is in progress: there was none, or it has ended in any way.</summary>
    public async Task LaunchOverAsync()
    {
        Task? launch;
        lock (_gate)
        {
            launch = _launch;
        }
        if (launch is not null)
        {
            await launch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> StartAsync(string supervisorScript, SemaphoreSlim launches)
    {
        if (WasStarted)
        {
            Watch();
            return true;
        }
        await launches.WaitAsync();
        try
        {
            // Forks, executes and waits for a line, on a thread of its own, since none of it can be awaited.
            var process = await Task.Factory.StartNew(
                () => Spawn(supervisorScript),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
            lock (_gate)
            {
                _watched = true;
            }
            _ = WatchChildAsync(process);
            BeginHealthChecks();
        }
        finally
        {
            launches.Release();
        }
        return true;
    }

    private System.Diagnostics.Process Spawn(string supervisorScript)
    {
        var start = new ProcessStartInfo("setsid") { UseShellExecute = false, RedirectStandardOutput = true };
        var adopter = _group.HoldsAll ? [] : _options.OrphanAdopter;
        foreach (var word in adopter.Concat(["/bin/sh", supervisorScript, Directory]))
        {
            start.ArgumentList.Add(word);
        }
        // The adopter is a .NET program, which may need variables; it passes PATH only.
        if (adopter.Count == 0)
        {
            start.Environment.Clear();
        }
        start.Environment["PATH"] = SystemTool.StandardPath;
        try
        {
            var process = System.Diagnostics.Process.Start(start)!;
            process.StandardOutput.ReadLine();
            process.StandardOutput.Close();
            return process;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new TaskFailedException($"starting container failed: setsid: {e.Message}", inner: e);
        }
    }

    /// <summary>Watches a task that an earlier swarmd has started.</summary>
    public void Watch()
    {
        lock (_gate)
        {
            if (_watched || !WasStarted)
            {
                return;
            }
            _watched = true;
        }
        _ = WatchAdoptedAsync();
        BeginHealthChecks();
    }

    private async Task WatchChildAsync(System.Diagnostics.Process supervisor)
    {
        using (supervisor)
        {
            var exit = supervisor.WaitForExitAsync(_closed.Token);
            while (await Task.WhenAny(exit, Task.Delay(TimeSpan.FromSeconds(5), _closed.Token)) != exit && !_closed.IsCancellationRequested)
            {
                RotateLogs();
            }
            if (!_closed.IsCancellationRequested)
            {
                await EndAsync(supervisor.ExitCode);
            }
        }
    }

    private async Task WatchAdoptedAsync()
    {
        if (ReadExit() is not null)
        {
            // Not while all tasks are listed: the look for its processes may take a moment.
            await Task.Yield();
            // swarmd was away when the program ended. Processes that the program has left behind end now.
            await EndAsync(KilledCode);
            return;
        }
        using var timer = new PeriodicTimer(PollPeriod);
        var rounds = 0;
        try
        {
            while (SupervisorProcess is not { IsAlive: false } && !File.Exists(InDirectory("exit")))
            {
                await timer.WaitForNextTickAsync(_closed.Token);
                if (++rounds % 50 == 0)
                {
                    RotateLogs();
                }
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        await EndAsync(KilledCode);
    }

    /// <param name="otherwise">The exit code if the supervisor has not written one.</param>
    private async Task EndAsync(int otherwise)
    {
        if (_closed.IsCancellationRequested)
        {
            return;
        }
        // The remaining processes of the task end with its first process, as in a container.
        await EndChecksAsync();
        await KillAllAsync();
        if (ReadExit() is not var (code, _))
        {
            // The supervisor itself was killed, the machine went down, or the disk is full: the program's exit code may be lost.
            code = otherwise;
            try
            {
                await File.WriteAllTextAsync(InDirectory("exit"), code.ToString(CultureInfo.InvariantCulture) + "\n");
            }
            catch (IOException)
            {
                // The disk is full. The end is known all the same: the next swarmd will notice that the supervisor is gone.
            }
        }
        _ended.TrySetResult(code);
    }

    private void BeginHealthChecks()
    {
        if (Record.HealthCheck is null)
        {
            return;
        }
        WriteCheck();
        _checks = new HealthProbe(Record, Directory, _group, _options.OrphanAdopter, _time).RunAsync(
            _healthy.Task.IsCompleted,
            () =>
            {
                _healthy.TrySetResult();
                try
                {
                    File.WriteAllText(InDirectory("healthy"), "");
                }
                catch (IOException)
                {
                    // The disk is full: the next swarmd starts the health checks anew.
                }
            },
            () => _unhealthy.TrySetResult(),
            _checksOver.Token
        );
    }

    /// <summary>A task of an earlier swarmd has no script of its check.</summary>
    private void WriteCheck()
    {
        var path = InDirectory("check.sh");
        try
        {
            if (!File.Exists(path))
            {
                TaskDirectory.WritePrivately(path, TaskScripts.Check(Record, _group.CheckJoins, SystemTool.StartsDirectly));
            }
        }
        catch (IOException)
        {
            // The disk is full: the check fails, as anything would that it writes.
        }
    }

    /// <summary>Ends the health checks, and waits until the last one has ended.</summary>
    public async Task EndChecksAsync()
    {
        await _checksOver.CancelAsync();
        await _checks.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Sends a signal to the program itself.</summary>
    public void Signal(int signal)
    {
        if (Program is { } program)
        {
            ProcessSignal.Send(program, signal);
        }
    }

    /// <summary>Kills the task's processes until none is left.</summary>
    /// <returns>False when some are left after 10 s.</returns>
    public async Task<bool> KillAllAsync()
    {
        for (var round = 0; round < KillRounds; round++)
        {
            var left = await _group.KillAsync();
            if (left == 0)
            {
                left = KillOthers();
            }
            if (left == 0)
            {
                return true;
            }
            await Task.Delay(KillPause);
        }
        return false;
    }

    /// <summary>Kills processes that are in no group of the task: it has none, or its program has left it.</summary>
    private int KillOthers()
    {
        if (_group.HoldsAll && Program is not { IsAlive: true })
        {
            return 0;
        }
        var found = TaskProcesses.Find(SupervisorProcess, Program, Directory);
        foreach (var process in found)
        {
            ProcessSignal.Send(process, ProcessSignal.Kill);
        }
        return found.Count;
    }

    /// <summary>Removes the control groups of a task without processes.</summary>
    public void RemoveGroups() => _group.Remove();

    private (int Code, DateTimeOffset At)? ReadExit()
    {
        var path = InDirectory("exit");
        try
        {
            return int.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out var code)
                ? (code, File.GetLastWriteTimeUtc(path))
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Copies the program's files and truncates them while it writes, which works because it appends. Lines written in between are
    /// lost.</summary>
    private void RotateLogs()
    {
        foreach (var name in (ReadOnlySpan<string>)["stdout", "stderr"])
        {
            var log = new FileInfo(InDirectory(name));
            try
            {
                if (log.Exists && log.Length > _options.MaxLogBytes)
                {
                    log.CopyTo(InDirectory(name + ".1"), overwrite: true);
                    using var file = new FileStream(log.FullName, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                    file.SetLength(0);
                }
            }
            catch (IOException)
            {
                // The disk is full: the file stays as it is until there is space again.
            }
        }
    }

    private string InDirectory(string name) => Path.Combine(Directory, name);

    /// <summary>Ends the watch, not the task.</summary>
    public void Dispose()
    {
        if (!_closed.IsCancellationRequested)
        {
            _closed.Cancel();
        }
    }
}
