using System.Diagnostics;
using System.Text.Json;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Process;
using Swarm.Agent.Executors.Process.Cgroups;
using Swarm.Core.Model;
using Swarm.Host.Processes;

namespace Swarm.Daemon.Tests.Executors;

public sealed class ProcessExecutorTests : ExecutorContract
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-process-").FullName;

    protected override string Image => "alpine";
    protected override string MissingImage => "redis:9";
    protected override ValueList<string> RunsForever => ["sleep", "1000"];
    protected override ValueList<string> IgnoresStopSignal =>
        ["sh", "-c", "trap '' TERM; : >/proc/self/fd/1; : >ready; while :; do sleep 1; done"];
    protected override HealthCheck Healthy => Check("true");
    protected override HealthCheck Unhealthy => Check("false");

    protected override ValueList<string> ExitsWith(int code) => ["sh", "-c", $"exit {code}"];

    protected override ValueList<string> ExitsOnSignal(string signal, int code) =>
        ["sh", "-c", $"trap 'exit {code}' {signal}; : >ready; while :; do sleep 1000 & wait $!; done"];

    protected override ValueList<string> Shell(string line) => ["sh", "-c", line];

    protected override ITaskExecutor Open()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The process executor runs on Linux only.");
        return new ProcessExecutor(Options("node1"));
    }

    protected override ITaskExecutor OpenOtherNode() => new ProcessExecutor(Options("node2"));

    protected override Task ReadyForSignalsAsync(ITaskExecutor executor, TaskDefinition task)
    {
        var ready = Path.Combine(_directory, "tasks", task.TaskId, "work", "ready");
        return Deadline.UntilAsync(() => File.Exists(ready), "the task to trap its signals");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static HealthCheck Check(string line) =>
        new()
        {
            Test = ["CMD-SHELL", line],
            Interval = TimeSpan.FromMilliseconds(50),
            Timeout = TimeSpan.FromSeconds(5),
            Retries = 2,
        };

    private ProcessExecutorOptions Options(string node) =>
        new()
        {
            Node = new ExecutorNode
            {
                ClusterId = "cluster",
                NodeId = node,
                Hostname = "contract-host",
                Labels = ValueMap.Empty.With("storage", "ssd"),
            },
            TasksDirectory = Path.Combine(_directory, "tasks"),
        };

    private string TaskFile(TaskDefinition task, string name) => Path.Combine(_directory, "tasks", task.TaskId, name);

    // The kernel lets nobody create a directory in /proc, not even root.
    [Theory]
    [InlineData("proc /proc proc rw 0 0", "No control group hierarchy with the memory controller is mounted.")]
    [InlineData("cgroup2 /proc/self/fdinfo cgroup2 rw 0 0", "/proc/self/fdinfo/swarm")]
    [InlineData("cgroup /proc/self/fdinfo cgroup rw,memory 0 0", "/proc/self/fdinfo/swarm")]
    public async Task A_limit_that_cannot_be_enforced_is_refused_and_a_task_without_one_runs(string mounted, string reason)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The process executor runs on Linux only.");
        var mounts = Path.Combine(_directory, "mounts");
        await File.WriteAllTextAsync(mounts, mounted + "\n", Cancel);
        await using var executor = new ProcessExecutor(Options("node1") with { MountTable = mounts });
        var limited = TaskDefinitions.Make(Container(RunsForever), new ResourceRequirements { Limits = new ResourceAmount(0, 64 << 20) });
        var refusal = await Assert.ThrowsAsync<TaskRejectedException>(() => executor.PrepareAsync(limited, Cancel));
        Assert.Equal("LimitNotEnforceable", refusal.ErrorId);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            "Run swarmd where it may write to /sys/fs/cgroup, or leave the limits out.",
            refusal.Message,
            StringComparison.Ordinal
        );
        Assert.Null(await FindAsync(executor, limited));
        var free = TaskDefinitions.Make(Container(RunsForever));
        await executor.PrepareAsync(free, Cancel);
        await executor.StartAsync(free, Cancel);
        Assert.True(File.Exists(TaskFile(free, "started")));
        await executor.RemoveAsync(free.TaskId, Cancel);
    }

    [Fact]
    public async Task A_pinned_image_is_found_by_its_digest_and_no_other()
    {
        var executor = OpenExecutor();
        var digest = (await executor.ResolveImageAsync("redis:3.0.6", null, Cancel))!.Digest;
        Assert.Matches("^sha256:[0-9a-f]{64}$", digest);
        Assert.NotEqual(digest, (await executor.ResolveImageAsync("redis:3.0.7", null, Cancel))!.Digest);
        Assert.Equal(new ResolvedImage(digest), await executor.ResolveImageAsync($"docker.io/library/redis@{digest}", null, Cancel));
        Assert.Null(await executor.ResolveImageAsync("redis:3.0.6@sha256:" + new string('0', 64), null, Cancel));
        Assert.Null(await executor.ResolveImageAsync("../redis:3.0.6", null, Cancel));
    }

    [Fact]
    public async Task The_shipped_redis_answers_with_its_version_and_stops_at_once()
    {
        var executor = OpenExecutor();
        foreach (var version in (string[])["3.0.6", "3.0.7"])
        {
            var task = Define(new ContainerSpec { Image = "redis:" + version });
            await StartAsync(executor, task);
            await ContainsAsync(TaskFile(task, "stdout"), $"redis-server {version}: ready");
            var cli = Path.Combine(AppContext.BaseDirectory, "images", "redis", version, "bin", "redis-cli");
            using var asked = System.Diagnostics.Process.Start(
                new ProcessStartInfo(cli, ["version"]) { WorkingDirectory = TaskFile(task, "work"), RedirectStandardOutput = true }
            )!;
            Assert.Equal(version, (await asked.StandardOutput.ReadToEndAsync(Cancel)).Trim());
            await executor.StopAsync(task, Cancel);
            Assert.Equal(0, (await executor.WaitExitAsync(task, Cancel)).ExitCode);
        }
        Assert.Equal(1, (await RunAsync(new ContainerSpec { Image = "redis:bad" })).ExitCode);
    }

    [Fact]
    public async Task Nobody_else_sees_the_environment_and_the_program_sees_it_whole()
    {
        var executor = OpenExecutor();
        ValueList<string> declared = ["TOKEN=it's a $(secret)\nof two lines", "PWD=mine", "UID=7", "spring.name=x", "IFS=:", "EMPTY="];
        var task = Define(
            Container(RunsForever) with
            {
                Env = declared,
                HealthCheck = Check("") with { Test = ["CMD", "dd", "if=/proc/self/environ", "of=checked"] },
            }
        );
        await StartAsync(executor, task);
        await executor.WaitHealthyAsync(task, Cancel);
        var proc = $"/proc/{await executor.GetPidAsync(task, Cancel)}/";
        await Deadline.UntilAsync(() => File.ReadAllText(proc + "comm") == "sleep\n", "the program to be executed");
        var environment = (await File.ReadAllTextAsync(proc + "environ", Cancel)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            declared
                .Select(e => e[..e.IndexOf('=', StringComparison.Ordinal)])
                .Concat(["PATH", "HOSTNAME", "HOME", "SWARM_IMAGE_DIR", "SWARM_TASK_DIR"])
                .Order(StringComparer.Ordinal),
            environment.Select(e => e[..e.IndexOf('=', StringComparison.Ordinal)]).Order(StringComparer.Ordinal)
        );
        Assert.Subset(environment.ToHashSet(), declared.ToHashSet());

        // The check sees the same.
        Assert.Equal(
            environment.Order(StringComparer.Ordinal),
            (await File.ReadAllTextAsync(TaskFile(task, "work/checked"), Cancel))
                .Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Order(StringComparer.Ordinal)
        );
        foreach (var name in (string[])["run.sh", "check.sh"])
        {
            var script = await File.ReadAllTextAsync(TaskFile(task, name), Cancel);
            Assert.DoesNotContain("secret", script[script.LastIndexOf("exec '", StringComparison.Ordinal)..], StringComparison.Ordinal);
        }
        if (OperatingSystem.IsLinux())
        {
            foreach (var name in (string[])["run.sh", "check.sh", "task.json"])
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(TaskFile(task, name)));
            }
        }
    }

    [Fact]
    public async Task Durations_may_be_longer_than_any_timer()
    {
        var executor = OpenExecutor();
        var years = TimeSpan.FromDays(36_000);
        var task = Define(Container(RunsForever) with { StopGracePeriod = years, HealthCheck = Check("true") with { Timeout = years } });
        await StartAsync(executor, task);
        await executor.StopAsync(task, Cancel);
        Assert.Equal(143, (await executor.WaitExitAsync(task, Cancel)).ExitCode);

        var rare = Define(Container(RunsForever) with { HealthCheck = Check("true") with { Interval = years } });
        await executor.PrepareAsync(rare, Cancel);
        await executor.StartAsync(rare, Cancel);
        var record = JsonSerializer.Deserialize(
            await File.ReadAllTextAsync(TaskFile(rare, "task.json"), Cancel),
            TaskRecordJson.Default.TaskRecord
        )!;
        using var stop = new CancellationTokenSource();
        var probing = new HealthProbe(record, TaskFile(rare, "."), new TaskGroup(null, []), [], TimeProvider.System).RunAsync(
            false,
            () => { },
            () => { },
            stop.Token
        );
        Assert.False(probing.IsCompleted, probing.Exception?.Message);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probing);
        await executor.StopAsync(rare, Cancel);
    }

    [Fact]
    public async Task A_long_wait_ends_when_it_is_over_and_not_before()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var wait = LongDelay.WaitAsync(TimeSpan.FromDays(100), time, Cancel);
        for (var day = 0; day < 100; day++)
        {
            Assert.False(wait.IsCompleted, $"over on day {day}");
            time.Advance(TimeSpan.FromDays(1));
        }
        await wait;
    }

    [Fact]
    public async Task The_tutorials_ping_runs_without_a_network()
    {
        var executor = OpenExecutor();
        var task = Define(Container(["ping", "docker.com"]));
        await StartAsync(executor, task);
        await ContainsAsync(TaskFile(task, "stdout"), "PING docker.com");
        await executor.StopAsync(task, Cancel);
        Assert.Equal(0, (await executor.WaitExitAsync(task, Cancel)).ExitCode);
    }

    [Fact]
    public async Task The_shipped_web_becomes_healthy_by_its_own_check()
    {
        var executor = OpenExecutor();
        var task = Define(new ContainerSpec { Image = "web:1" });
        await StartAsync(executor, task);
        await executor.WaitHealthyAsync(task, Cancel);
    }

    [Fact]
    public async Task No_process_of_a_task_outlives_it()
    {
        var executor = OpenExecutor();
        var task = Define(Container(["sh", "-c", "sleep 4321 & sh -c 'sleep 4321 & sleep 4321' & : >ready; wait"]));
        await StartAsync(executor, task);
        await ReadyForSignalsAsync(executor, task);
        var pid = (int)await executor.GetPidAsync(task, Cancel);
        Assert.NotEmpty(ProcStat.OfSession(pid));
        await executor.StopAsync(task, Cancel);
        Assert.Empty(ProcStat.OfSession(pid));
    }

    [Fact]
    public async Task A_killed_supervisor_ends_the_task()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever));
        await StartAsync(executor, task);
        var supervisor = ProcessIdentity.Read(TaskFile(task, "supervisor"))!;
        var pid = (int)await executor.GetPidAsync(task, Cancel);
        Assert.True(ProcessSignal.Send(supervisor, ProcessSignal.Kill));
        Assert.Equal(137, (await executor.WaitExitAsync(task, Cancel)).ExitCode);
        Assert.Null(ProcStat.Of(pid) is { State: not 'Z' } alive ? alive : null);
    }

    [Fact]
    public async Task A_pid_of_another_process_is_not_taken_for_the_task()
    {
        var first = OpenExecutor();
        var task = Define(Container(RunsForever));
        await StartAsync(first, task);
        await first.DisposeAsync();
        var identity = ProcessIdentity.Read(TaskFile(task, "supervisor"))!;
        Assert.True(identity.IsAlive);
        Assert.False((identity with { StartTime = identity.StartTime + 1 }).IsAlive);
        Assert.False((identity with { BootId = "another-boot" }).IsAlive);
    }

    public static TheoryData<string, ContainerSpec> Unsupported { get; } =
        new()
        {
            {
                "Mounts",
                new ContainerSpec { Image = "alpine", Mounts = [new Mount { Type = MountType.Tmpfs, Target = "/t" }] }
            },
            {
                "CapabilityAdd",
                new ContainerSpec { Image = "alpine", CapabilityAdd = ["NET_ADMIN"] }
            },
            {
                "CapabilityDrop",
                new ContainerSpec { Image = "alpine", CapabilityDrop = ["ALL"] }
            },
            {
                "ReadOnly",
                new ContainerSpec { Image = "alpine", ReadOnly = true }
            },
            {
                "Tty",
                new ContainerSpec { Image = "alpine", Tty = true }
            },
        };

    [Theory]
    [MemberData(nameof(Unsupported))]
    public async Task Options_a_process_cannot_have_are_refused_by_name(string option, ContainerSpec container)
    {
        var executor = OpenExecutor();
        var rejection = await Assert.ThrowsAsync<TaskRejectedException>(() => executor.PrepareAsync(Define(container), Cancel));
        Assert.Equal("NotSupportedByExecutor", rejection.ErrorId);
        Assert.Contains(option, rejection.Message, StringComparison.Ordinal);
        Assert.Empty(await executor.ListAsync(Cancel));
    }

    [Fact]
    public async Task Removal_bears_others_that_still_write_into_the_tasks_directory()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever));
        await StartAsync(executor, task);
        var directory = Path.Combine(_directory, "tasks", task.TaskId);
        var writing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writer = Task.Run(
            () =>
            {
                // The watch of another executor writes "exit" when it finds none.
                for (var i = 0; Directory.Exists(directory); i++)
                {
                    try
                    {
                        File.WriteAllText(Path.Combine(directory, $"{i % 100}"), "");
                    }
                    catch (DirectoryNotFoundException)
                    {
                        return;
                    }
                    writing.TrySetResult();
                }
            },
            Cancel
        );
        await Deadline.WaitAsync(writing.Task, "a file to be written beside the task");
        await executor.RemoveAsync(task.TaskId, Cancel);
        await Deadline.WaitAsync(writer, "the writer to find the task gone");
        Assert.Empty(Directory.GetDirectories(Path.Combine(_directory, "tasks")));
    }

    [Fact]
    public async Task A_task_that_is_removed_while_it_is_launched_leaves_nothing()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever));
        await executor.PrepareAsync(task, Cancel);
        var start = executor.StartAsync(task, Cancel);
        await executor.RemoveAsync(task.TaskId, Cancel);
        await start;
        Assert.Empty(Directory.GetDirectories(Path.Combine(_directory, "tasks")));
        Assert.Empty(await executor.ListAsync(Cancel));
    }

    [Fact]
    public async Task Half_removed_tasks_of_a_swarmd_that_died_are_no_tasks_and_go_with_the_next_one()
    {
        var rest = Path.Combine(_directory, "tasks", ".removed-" + TaskDefinitions.NewId());
        var executor = OpenExecutor();
        Directory.CreateDirectory(Path.Combine(rest, "work"));
        Assert.Empty(await executor.ListAsync(Cancel));
        OpenExecutor();
        Assert.False(Directory.Exists(rest));
    }

    [Fact]
    public async Task A_hundred_tasks_start_quickly()
    {
        var executor = OpenExecutor();
        var tasks = Enumerable.Range(0, 100).Select(_ => Define(Container(RunsForever))).ToList();
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(tasks.Select(task => StartAsync(executor, task)));
        TestContext.Current.SendDiagnosticMessage($"100 tasks started in {watch.ElapsedMilliseconds} ms");
        Assert.Equal(100, (await executor.ListAsync(Cancel)).Count(t => t.Status.State == TaskState.Running));
    }

    private static Task ContainsAsync(string file, string text) =>
        Deadline.UntilAsync(
            () => File.Exists(file) && File.ReadAllText(file).Contains(text, StringComparison.Ordinal),
            $"'{text}' in {Path.GetFileName(file)}"
        );
}
