using System.Globalization;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Process;
using Swarm.Core.Model;
using Swarm.Daemon.Tests.Processes;
using Swarm.Daemon.Tests.Storage;
using Swarm.Host.Processes;

namespace Swarm.Daemon.Tests.Executors;

/// <summary>A task of the process executor ends with all of its processes, in each hierarchy of control groups and without any. No process
/// of anybody else ends with it.</summary>
public sealed class ProcessContainmentTests : IAsyncDisposable
{
    /// <summary>Adds a process to the file of those that a test looks for, in a session of its own.</summary>
    private const string Leave = "setsid sh -c 'echo $$ >>pids; exec sleep 4321' &";

    private readonly TemporaryDirectory _directory = new();
    private readonly List<ProcessExecutor> _executors = [];
    private readonly List<string> _taskIds = [];
    private readonly List<System.Diagnostics.Process> _strangers = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The mount table that has one hierarchy of this machine only, or none.</summary>
    public static TheoryData<string> Kinds { get; } = ["cgroup2", "freezer", "pids", "none"];

    public async ValueTask DisposeAsync()
    {
        if (_taskIds.Count > 0)
        {
            var last = Open(null);
            foreach (var taskId in _taskIds)
            {
                await last.RemoveAsync(taskId, CancellationToken.None);
            }
        }
        foreach (var executor in _executors)
        {
            await executor.DisposeAsync();
        }
        foreach (var stranger in _strangers)
        {
            // Its child outlives it where a test has ended it.
            ProcStat.OfSession(stranger.Id).ForEach(static p => ProcessSignal.Send(ProcessIdentity.Of(p), ProcessSignal.Kill));
            stranger.Dispose();
        }
        _directory.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_has_left_the_session_of_its_task_is_stopped_with_it(string kind)
    {
        var executor = Open(kind);
        var task = await StartAsync(executor, $"{Leave} sh -c '{Leave.Replace("'", "'\\''", StringComparison.Ordinal)} wait' & wait");
        var left = await LeftAsync(task, 2);
        await executor.StopAsync(task, Cancel);
        Assert.All(left, static p => Assert.False(p.IsAlive));
        Assert.Equal(143, (await executor.WaitExitAsync(task, Cancel)).ExitCode);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_a_program_leaves_behind_ends_with_it(string kind)
    {
        var executor = Open(kind);
        var task = await StartAsync(executor, $"{Leave} until [ -e end ]; do sleep 0.02; done");
        var left = await LeftAsync(task, 1);
        await File.WriteAllTextAsync(FileOf(task, "work/end"), "", Cancel);
        Assert.Equal(new ExecutorExit(0, ""), await executor.WaitExitAsync(task, Cancel));
        Assert.All(left, static p => Assert.False(p.IsAlive));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_a_program_leaves_behind_while_swarmd_is_away_ends_with_it_or_with_the_next_swarmd(string kind)
    {
        var first = Open(kind);
        var task = await StartAsync(first, $"{Leave} until [ -e end ]; do sleep 0.02; done; exit 3");
        var left = await LeftAsync(task, 1);
        await first.DisposeAsync();
        await File.WriteAllTextAsync(FileOf(task, "work/end"), "", Cancel);
        await Deadline.UntilAsync(() => File.Exists(FileOf(task, "exit")), "the supervisor to write the exit code");
        var second = Open(kind);
        Assert.Equal(3, (await second.WaitExitAsync(task, Cancel)).ExitCode);
        Assert.All(left, static p => Assert.False(p.IsAlive));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_next_swarmd_removes_a_task_with_what_has_left_its_session(string kind)
    {
        var first = Open(kind);
        var task = await StartAsync(first, $"{Leave} wait");
        var left = await LeftAsync(task, 1);
        await first.DisposeAsync();
        await Open(kind).RemoveAsync(task.TaskId, Cancel);
        Assert.All(left, static p => Assert.False(p.IsAlive));
        Assert.False(Directory.Exists(FileOf(task, "")));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_a_health_check_leaves_behind_ends_with_it(string kind)
    {
        var executor = Open(kind);
        var task = await StartAsync(executor, "wait; exec sleep 4321", Check($"{Leave} until [ -s pids ]; do :; done"));
        await executor.WaitHealthyAsync(task, Cancel);
        var first = (await LeftAsync(task, 1))[0];
        await Deadline.UntilAsync(() => !first.IsAlive, "the child of the first check to end");
        Assert.True(ProcessIdentity.Of((int)await executor.GetPidAsync(task, Cancel)) is not null, "The program has ended too.");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_health_check_that_takes_too_long_ends_with_what_it_has_started(string kind)
    {
        var executor = Open(kind);
        var task = await StartAsync(
            executor,
            "exec sleep 4321",
            Check($"{Leave} sleep 4321") with
            {
                // Without groups, a .NET program starts first.
                Timeout = TimeSpan.FromSeconds(kind == "none" ? 5 : 1),
                Retries = 1,
            }
        );
        var left = await LeftAsync(task, 1);
        var failure = await Assert.ThrowsAsync<TaskFailedException>(() => executor.WaitHealthyAsync(task, Cancel));
        Assert.Equal("unhealthy container", failure.Message);
        await Deadline.UntilAsync(() => left.All(static p => !p.IsAlive), "the processes of the check to end");
        Assert.True(ProcessIdentity.Of((int)await executor.GetPidAsync(task, Cancel)) is not null, "The program has ended too.");
    }

    [Fact]
    public async Task A_health_check_runs_within_the_limits_of_its_task()
    {
        var executor = Open(null);
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Limits need root.");
        var task = Define("exec sleep 4321", Check("cat /proc/self/cgroup >checked"));
        task = task with
        {
            Spec = task.Spec with
            {
                Resources = new() { Limits = new ResourceAmount(500_000_000, 64 << 20), PidsLimit = 30 },
            },
        };
        await StartAsync(executor, task);
        await executor.WaitHealthyAsync(task, Cancel);
        var own = await GroupsAsync($"/proc/{await executor.GetPidAsync(task, Cancel)}/cgroup");
        var check = await GroupsAsync(FileOf(task, "work/checked"));
        var limited = own.Where(g => g.Value.EndsWith("/swarm/" + task.TaskId, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(limited);
        Assert.All(limited, g => Assert.StartsWith(g.Value, check[g.Key], StringComparison.Ordinal));

        static async Task<Dictionary<string, string>> GroupsAsync(string file) =>
            (await File.ReadAllLinesAsync(file, Cancel))
                .Select(static l => l.Split(':', 3))
                .ToDictionary(static f => f[1], static f => f[2]);
    }

    /// <summary>Supervisor and program have ended without an exit code, and the program's pid is now another's.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_process_that_got_the_pid_of_a_program_is_nobodys(string kind)
    {
        var first = Open(kind);
        var task = await StartAsync(first, "exec sleep 4321");
        await first.DisposeAsync();
        foreach (var name in (string[])["supervisor", "started"])
        {
            var process = ProcessIdentity.Read(FileOf(task, name))!;
            Assert.True(ProcessSignal.Send(process, ProcessSignal.Kill));
            await Deadline.UntilAsync(() => !process.IsAlive, $"the process of {name} to end");
        }
        var stranger = await StrangerAsync();
        await RecordReuseAsync(task, stranger);

        var second = Open(kind);
        Assert.Equal(0, (await second.ListAsync(Cancel)).Single().Status.Pid);
        Assert.Equal(137, (await second.WaitExitAsync(task, Cancel)).ExitCode);
        await second.StopAsync(task, Cancel);
        await second.RemoveAsync(task.TaskId, Cancel);
        Assert.All(ProcStat.OfSession(stranger.Pid), static p => Assert.False(p.HasEnded));
        Assert.Equal(2, ProcStat.OfSession(stranger.Pid).Count);
    }

    [Fact]
    public async Task A_stop_signal_does_not_go_to_a_process_that_got_the_pid_of_a_program()
    {
        var executor = Open("none");
        var task = await StartAsync(executor, "exec sleep 4321");
        var program = ProcessIdentity.Read(FileOf(task, "started"))!;
        var stranger = await StrangerAsync();
        await RecordReuseAsync(task, stranger);
        var stopping = executor.StopAsync(task, Cancel);
        Assert.True(ProcessSignal.Send(program, ProcessSignal.Kill));
        await Deadline.WaitAsync(stopping, "the task to be stopped");
        Assert.Equal(2, ProcStat.OfSession(stranger.Pid).Count);
    }

    /// <summary>The supervisor has no other means than the number of the program's group, which it gives up when it is another's.</summary>
    [Fact]
    public async Task The_supervisor_does_not_signal_a_group_that_is_led_by_another_process()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The process executor runs on Linux only.");
        var stranger = await StrangerAsync();
        await File.WriteAllTextAsync(
            _directory.Combine("started"),
            $"{ProcessIdentity.CurrentBootId} {await File.ReadAllTextAsync($"/proc/{stranger.Pid}/stat", Cancel)}",
            Cancel
        );
        await File.WriteAllTextAsync(_directory.Combine("end.sh"), TaskScripts.End(new(null, []), adopts: false), Cancel);
        using var shell = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("/bin/sh", ["./end.sh"]) { WorkingDirectory = _directory.Path }
        )!;
        await Deadline.WaitAsync(shell.WaitForExitAsync(Cancel), "the script to end");
        Assert.Equal(2, ProcStat.OfSession(stranger.Pid).Count);
    }

    [Fact]
    public async Task A_signal_reaches_its_process_and_no_other_with_its_pid()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent on Linux only.");
        var stranger = await StrangerAsync();
        Assert.False(ProcessSignal.Send(stranger with { StartTime = stranger.StartTime + 1 }, ProcessSignal.Kill));
        Assert.False(ProcessSignal.Send(stranger with { BootId = "another-boot" }, ProcessSignal.Kill));
        Assert.False(ProcessSignal.Send(stranger with { Pid = -stranger.Pid }, ProcessSignal.Kill));
        Assert.True(stranger.IsAlive);
        Assert.True(ProcessSignal.Send(stranger, ProcessSignal.Kill));
        await Deadline.UntilAsync(() => !stranger.IsAlive, "the process to end");
        Assert.False(ProcessSignal.Send(stranger, ProcessSignal.Kill));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_node_whose_tasks_get_no_group_says_so(string kind)
    {
        var warnings = (await Open(kind).DescribeAsync(Cancel)).Warnings;
        if (kind != "none")
        {
            Assert.Empty(warnings);
            return;
        }
        Assert.Equal(
            "Tasks have no control groups: No control group hierarchy is mounted. A process that leaves its task may outlive it. "
                + "Run swarmd as root, or with Delegate=yes in its unit.",
            Assert.Single(warnings)
        );
    }

    private static HealthCheck Check(string line) =>
        new()
        {
            Test = ["CMD-SHELL", line],
            Interval = TimeSpan.FromMilliseconds(50),
            Timeout = TimeSpan.FromSeconds(60),
            Retries = 3,
        };

    /// <param name="kind">Null: the machine as it is.</param>
    private ProcessExecutor Open(string? kind)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The process executor runs on Linux only.");
        var adopter = SwarmdProgram.Find().Start([OrphanAdopter.Verb]);
        var options = new ProcessExecutorOptions
        {
            Node = new ExecutorNode
            {
                ClusterId = "cluster",
                NodeId = "node1",
                Hostname = "host",
            },
            TasksDirectory = _directory.Combine("tasks"),
            OrphanAdopter = [adopter.FileName, .. adopter.ArgumentList],
        };
        if (kind is not null)
        {
            var line =
                kind == "none"
                    ? "proc /proc proc rw 0 0"
                    : File.ReadLines("/proc/mounts")
                        .FirstOrDefault(l =>
                            l.Split(' ') is [_, _, var type, var mounted, ..]
                            && (kind == "cgroup2" ? type == kind : type == "cgroup" && mounted.Split(',').Contains(kind))
                        );
            Assert.SkipWhen(line is null, $"No hierarchy of control groups with {kind} is mounted.");
            Assert.SkipUnless(kind == "none" || Environment.IsPrivilegedProcess, "Control groups need root.");
            File.WriteAllText(_directory.Combine("mounts"), line + "\n");
            options = options with { MountTable = _directory.Combine("mounts") };
        }
        var executor = new ProcessExecutor(options);
        _executors.Add(executor);
        return executor;
    }

    private static TaskDefinition Define(string line, HealthCheck? check = null)
    {
        var container = new ContainerSpec { Image = "alpine", Command = ["sh", "-c", line] };
        return TaskDefinitions.Make(check is null ? container : container with { HealthCheck = check });
    }

    private async Task<TaskDefinition> StartAsync(ProcessExecutor executor, string line, HealthCheck? check = null)
    {
        var task = Define(line, check);
        await StartAsync(executor, task);
        return task;
    }

    private async Task StartAsync(ProcessExecutor executor, TaskDefinition task)
    {
        _taskIds.Add(task.TaskId);
        await executor.PrepareAsync(task, Cancel);
        await executor.StartAsync(task, Cancel);
    }

    private string FileOf(TaskDefinition task, string name) => _directory.Combine($"tasks/{task.TaskId}/{name}");

    /// <summary>The processes that have left their session, once there are so many.</summary>
    private async Task<List<ProcessIdentity>> LeftAsync(TaskDefinition task, int count)
    {
        var file = FileOf(task, "work/pids");
        string[] Pids() => File.Exists(file) ? File.ReadAllLines(file) : [];
        await Deadline.UntilAsync(() => Pids().Length >= count, $"{count} processes to leave their session");
        return
        [
            .. Pids()
                .Take(count)
                .Select(static p => ProcessIdentity.Of(int.Parse(p, CultureInfo.InvariantCulture)))
                .Select(static p => p ?? new ProcessIdentity("ended", 0, 0)),
        ];
    }

    /// <summary>The first of two processes of a session that no task knows.</summary>
    private async Task<ProcessIdentity> StrangerAsync()
    {
        var stranger = System.Diagnostics.Process.Start("setsid", ["sh", "-c", "sleep 4321 & wait"]);
        _strangers.Add(stranger);
        await Deadline.UntilAsync(() => ProcStat.OfSession(stranger.Id).Count == 2, "the stranger to have a child");
        return ProcessIdentity.Of(stranger.Id)!;
    }

    /// <summary>Records that the program of a task had the pid of another process, and started a moment before.</summary>
    private async Task RecordReuseAsync(TaskDefinition task, ProcessIdentity other)
    {
        var stat = await File.ReadAllTextAsync($"/proc/{other.Pid}/stat", Cancel);
        var started = other.StartTime.ToString(CultureInfo.InvariantCulture);
        var before = (other.StartTime - 1).ToString(CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(
            FileOf(task, "started"),
            $"{other.BootId} {stat.Replace($" {started} ", $" {before} ", StringComparison.Ordinal)}",
            Cancel
        );
    }
}
