using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Swarm.Core.Model;

namespace Swarm.Agent.Executors.Process;

/// <summary>A task of the process executor: its directory on disk, and the watch over its supervisor.</summary>
internal sealed class SupervisedTask : IDisposable
{
    /// <summary>The interval for polling log sizes and the supervisors of an earlier swarmd (child processes report their end at
    /// once).</summary>
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>The exit code after SIGKILL.</summary>
    private const int KilledCode = 128 + PosixSignal.Kill;

    private readonly Cgroup _cgroup;
    private readonly long _maxLogBytes;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _unhealthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Task<bool>? _launch;
    private bool _watched;

    public SupervisedTask(TaskRecord record, string directory, Cgroup cgroup, long maxLogBytes, TimeProvider time)
    {
        Record = record;
        Directory = directory;
        _cgroup = cgroup;
        _maxLogBytes = maxLogBytes;
        _time = time;
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
    public ProcessIdentity? Program => ProcessIdentity.Read(InDirectory("started"));
    private ProcessIdentity? SupervisorProcess => ProcessIdentity.Read(InDirectory("supervisor"));

    /// <summary>This or an earlier swarmd has started a supervisor.</summary>
    public bool WasStarted => File.Exists(InDirectory("supervisor"));

    public static SupervisedTask? Open(string directory, Cgroup cgroup, long maxLogBytes, TimeProvider time)
    {
        try
        {
            var record = JsonSerializer.Deserialize(
                File.ReadAllBytes(Path.Combine(directory, "task.json")),
                TaskRecordJson.Default.TaskRecord
            );
            return record is null ? null : new SupervisedTask(record, directory, cgroup, maxLogBytes, time);
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
                Error = ExitMessages.For(code, code == 137 && _cgroup.WasOutOfMemory(Record.TaskId)),
            };
        }
        var program = Program;
        return status with
        {
            State = _healthy.Task.IsCompleted ? TaskState.Running : TaskState.Starting,
            Timestamp = File.GetLastWriteTimeUtc(InDirectory("supervisor")),
            Pid = program?.Pid ?? 0,
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
        start.ArgumentList.Add("/bin/sh");
        start.ArgumentList.Add(supervisorScript);
        start.ArgumentList.Add(Directory);
        start.Environment.Clear();
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
        if (ReadExit() is var (code, _))
        {
            _ended.TrySetResult(code);
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
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        _ = _ended.Task.ContinueWith(
            _ => stop.Cancel(),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        _ = new HealthProbe(Record, _time).RunAsync(
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
            stop.Token
        );
    }

    /// <summary>Sends a signal to the program itself.</summary>
    public void Signal(int signal)
    {
        if (Program is { IsAlive: true } program)
        {
            PosixSignal.Send(program.Pid, signal);
        }
    }

    /// <summary>Kills every process of the task's session and control groups until none is left.</summary>
    public async Task KillAllAsync()
    {
        var program = Program;
        for (var round = 0; round < 100; round++)
        {
            var alive = new HashSet<int>(_cgroup.Processes(Record.TaskId));
            if (program is not null && program.BootId == ProcessIdentity.CurrentBootId && (program.IsAlive || !_ended.Task.IsCompleted))
            {
                // The session keeps its number as long as it has a member, so this cannot hit another process while the end is not noticed
                // yet.
                alive.UnionWith(ProcStat.OfSession(program.Pid).Where(p => p.StartTime >= program.StartTime).Select(p => p.Pid));
            }
            if (alive.Count == 0)
            {
                return;
            }
            foreach (var pid in alive)
            {
                PosixSignal.Send(pid, PosixSignal.Kill);
            }
            await Task.Delay(5);
        }
    }

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
                if (log.Exists && log.Length > _maxLogBytes)
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
