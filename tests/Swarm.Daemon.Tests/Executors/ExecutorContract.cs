using System.Diagnostics;
using Swarm.Agent.Executors;
using Swarm.Core.Model;

namespace Swarm.Daemon.Tests.Executors;

/// <summary>The contract of every executor. Each executor has a subclass.</summary>
public abstract class ExecutorContract : IAsyncLifetime
{
    private readonly List<ITaskExecutor> _open = [];
    private readonly List<string> _taskIds = [];

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>An existing image, and a missing one.</summary>
    protected abstract string Image { get; }
    protected abstract string MissingImage { get; }

    /// <summary>The text after the image's name where the executor knows why it is missing: a regular expression.</summary>
    protected virtual string MissingReason => "";

    /// <summary>The error of a task that got more memory than its limit.</summary>
    protected virtual string OutOfMemoryError => "task: non-zero exit (137): OOM killed";

    /// <summary>Programs in the executor's own language.</summary>
    protected abstract ValueList<string> RunsForever { get; }
    protected abstract ValueList<string> IgnoresStopSignal { get; }
    protected abstract ValueList<string> ExitsWith(int code);

    /// <summary>Runs for ever; ends with the code when it gets the signal.</summary>
    protected abstract ValueList<string> ExitsOnSignal(string signal, int code);
    protected abstract HealthCheck Healthy { get; }
    protected abstract HealthCheck Unhealthy { get; }

    /// <summary>A shell line, for executors that run real programs; skips the test otherwise.</summary>
    protected abstract ValueList<string> Shell(string line);

    /// <summary>An executor over the same machine, as after the start of swarmd.</summary>
    protected abstract ITaskExecutor Open();

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        if (_taskIds.Count > 0)
        {
            var executor = OpenExecutor();
            await Task.WhenAll(_taskIds.Select(id => executor.RemoveAsync(id, CancellationToken.None)));
        }
        foreach (var executor in _open)
        {
            await executor.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }

    protected ITaskExecutor OpenExecutor()
    {
        var executor = Open();
        _open.Add(executor);
        return executor;
    }

    protected TaskDefinition Define(ContainerSpec container, ResourceRequirements? resources = null)
    {
        var task = TaskDefinitions.Make(container, resources);
        _taskIds.Add(task.TaskId);
        return task;
    }

    protected ContainerSpec Container(ValueList<string> command) => new() { Image = Image, Command = command };

    protected static async Task StartAsync(ITaskExecutor executor, TaskDefinition task)
    {
        await executor.PrepareAsync(task, Cancel);
        await executor.StartAsync(task, Cancel);
    }

    protected async Task<ExecutorExit> RunAsync(ContainerSpec container, ResourceRequirements? resources = null)
    {
        var executor = OpenExecutor();
        var task = Define(container, resources);
        await StartAsync(executor, task);
        return await executor.WaitExitAsync(task, Cancel);
    }

    protected static async Task<ExecutorTask?> FindAsync(ITaskExecutor executor, TaskDefinition task) =>
        (await executor.ListAsync(Cancel)).SingleOrDefault(t => t.TaskId == task.TaskId);

    [Fact]
    public async Task Describes_its_node()
    {
        var description = await OpenExecutor().DescribeAsync(Cancel);
        Assert.Equal("contract-host", description.Hostname);
        Assert.Equal("linux", description.Os);
        Assert.Equal("x86_64", description.Architecture);
        Assert.True(description.Resources.NanoCpus > 0);
        Assert.True(description.Resources.MemoryBytes > 0);
        Assert.Equal("ssd", description.EngineLabels["storage"]);
    }

    [Fact]
    public async Task Prepares_without_starting_and_finds_it_again()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever));
        var id = await executor.PrepareAsync(task, Cancel);
        Assert.Equal(id, await executor.PrepareAsync(task, Cancel));
        var found = await FindAsync(OpenExecutor(), task);
        Assert.Equal((TaskState.Ready, id, task.ServiceId), (found!.Status.State, found.Status.ContainerId, found.ServiceId));
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(3, "task: non-zero exit (3)")]
    public async Task Tells_the_exit_code(int code, string error) =>
        Assert.Equal(new ExecutorExit(code, error), await RunAsync(Container(ExitsWith(code))));

    [Fact]
    public async Task Starting_twice_starts_one()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever));
        await StartAsync(executor, task);
        await executor.StartAsync(task, Cancel);
        await OpenExecutor().StartAsync(task, Cancel);
        Assert.Equal(TaskState.Running, (await FindAsync(executor, task))!.Status.State);
    }

    [Fact]
    public async Task Stop_sends_the_stop_signal_and_waits_for_the_end()
    {
        var executor = OpenExecutor();
        var task = Define(Container(ExitsOnSignal("INT", 5)) with { StopSignal = "SIGINT" });
        await StartAsync(executor, task);
        await ReadyForSignalsAsync(executor, task);
        await executor.StopAsync(task, Cancel);
        Assert.Equal(5, (await executor.WaitExitAsync(task, Cancel)).ExitCode);
        await executor.StopAsync(task, Cancel);
    }

    /// <summary>Waits until the program has set its signal handler.</summary>
    protected virtual Task ReadyForSignalsAsync(ITaskExecutor executor, TaskDefinition task) => Task.CompletedTask;

    [Fact]
    public async Task Stop_kills_after_the_grace_period()
    {
        var executor = OpenExecutor();
        var task = Define(Container(IgnoresStopSignal) with { StopGracePeriod = TimeSpan.FromSeconds(1) });
        await StartAsync(executor, task);
        await ReadyForSignalsAsync(executor, task);
        var watch = Stopwatch.StartNew();
        await executor.StopAsync(task, Cancel);
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(0.9), $"was killed after {watch.Elapsed}");
        Assert.Equal(137, (await executor.WaitExitAsync(task, Cancel)).ExitCode);
    }

    [Fact]
    public async Task Stopping_what_was_never_started_does_nothing()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever));
        await executor.StopAsync(task, Cancel);
        await executor.PrepareAsync(task, Cancel);
        await executor.StopAsync(task, Cancel);
        Assert.Equal(TaskState.Ready, (await FindAsync(executor, task))!.Status.State);
    }

    [Fact]
    public async Task Becomes_healthy()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever) with { HealthCheck = Healthy });
        await StartAsync(executor, task);
        await using var checks = RunChecks(task);
        await executor.WaitHealthyAsync(task, Cancel);
        Assert.Equal(TaskState.Running, (await FindAsync(OpenExecutor(), task))!.Status.State);
    }

    [Fact]
    public async Task Unhealthy_fails_the_start_and_ends_the_wait()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever) with { HealthCheck = Unhealthy });
        await StartAsync(executor, task);
        await using var checks = RunChecks(task);
        var failure = await Assert.ThrowsAsync<TaskFailedException>(() => executor.WaitHealthyAsync(task, Cancel));
        Assert.Equal("unhealthy container", failure.Message);
        Assert.Equal("unhealthy container", (await executor.WaitExitAsync(task, Cancel)).Error);
    }

    [Theory]
    [InlineData(4, "task: non-zero exit (4)")]
    [InlineData(0, ExitMessages.NeverHealthy)]
    public async Task Ending_before_healthy_fails(int code, string error)
    {
        var executor = OpenExecutor();
        var task = Define(Container(ExitsWith(code)) with { HealthCheck = Healthy with { Interval = TimeSpan.FromSeconds(30) } });
        await StartAsync(executor, task);
        var failure = await Assert.ThrowsAsync<TaskFailedException>(() => executor.WaitHealthyAsync(task, Cancel));
        Assert.Equal((code, error), (failure.ExitCode, failure.Message));
    }

    [Fact]
    public async Task Healthy_at_once_without_a_check()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever));
        await StartAsync(executor, task);
        await executor.WaitHealthyAsync(task, Cancel);
    }

    [Fact]
    public async Task Rejects_a_missing_image()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever) with { Image = MissingImage });
        var rejection = await Assert.ThrowsAsync<TaskRejectedException>(() => executor.PrepareAsync(task, Cancel));
        Assert.Equal("NoSuchImage", rejection.ErrorId);
        Assert.Matches($"^No such image: {MissingImage}{MissingReason}$", rejection.Message);
        Assert.Null(await FindAsync(executor, task));
    }

    [Fact]
    public async Task Remove_kills_and_leaves_nothing_and_may_be_repeated()
    {
        var executor = OpenExecutor();
        var task = Define(Container(IgnoresStopSignal));
        await StartAsync(executor, task);
        await executor.RemoveAsync(task.TaskId, Cancel);
        Assert.Null(await FindAsync(executor, task));
        await executor.RemoveAsync(task.TaskId, Cancel);
        await executor.RemoveAsync(TaskDefinitions.NewId(), Cancel);
    }

    [Fact]
    public async Task A_new_executor_adopts_what_runs_and_sees_its_end()
    {
        var first = OpenExecutor();
        var task = Define(Container(ExitsOnSignal("TERM", 6)));
        await StartAsync(first, task);
        await ReadyForSignalsAsync(first, task);
        await first.DisposeAsync();
        var second = OpenExecutor();
        Assert.Equal(TaskState.Running, (await FindAsync(second, task))!.Status.State);
        var exit = second.WaitExitAsync(task, Cancel);
        Assert.False(exit.IsCompleted);
        await second.StopAsync(task, Cancel);
        Assert.Equal(new ExecutorExit(6, "task: non-zero exit (6)"), await exit);
    }

    [Fact]
    public async Task A_new_executor_tells_the_exit_code_of_what_ended_before()
    {
        var first = OpenExecutor();
        var task = Define(Container(ExitsWith(7)));
        await StartAsync(first, task);
        await first.WaitExitAsync(task, Cancel);
        await first.DisposeAsync();
        var second = OpenExecutor();
        var found = await FindAsync(second, task);
        Assert.Equal(
            (TaskState.Failed, (int?)7, "task: non-zero exit (7)"),
            (found!.Status.State, found.Status.ExitCode, found.Status.Error)
        );
        Assert.Equal(7, (await second.WaitExitAsync(task, Cancel)).ExitCode);
    }

    [Fact]
    public async Task Waiting_can_be_given_up()
    {
        var executor = OpenExecutor();
        var task = Define(Container(RunsForever));
        await StartAsync(executor, task);
        using var source = new CancellationTokenSource();
        var exit = executor.WaitExitAsync(task, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exit);
        Assert.Equal(TaskState.Running, (await FindAsync(executor, task))!.Status.State);
    }

    [Fact]
    public async Task Passes_the_environment_literally()
    {
        var value = "it's $HOME \"quoted\"; `false` \\ end";
        var exit = await RunAsync(
            Container(
                Shell(
                    "[ \"$ODD\" = \"$(printf '%s' 'it'\\''s $HOME \"quoted\"; `false` \\ end')\" ] && [ -n \"$HOSTNAME\" ] && exit 21; echo \"$ODD\" >&2; exit 22"
                )
            ) with
            {
                Env = ["ODD=" + value],
            }
        );
        Assert.Equal(21, exit.ExitCode);
    }

    [Fact]
    public async Task Runs_in_the_working_directory() =>
        Assert.Equal(23, (await RunAsync(Container(Shell("[ $(pwd) = /tmp ] && exit 23")) with { Dir = "/tmp" })).ExitCode);

    [Fact]
    public async Task Runs_as_the_user_and_groups()
    {
        var exit = await RunAsync(
            Container(Shell("[ \"$(id -u):$(id -g)\" = 1234:2345 ] && id -G | grep -qw 3456 && exit 24; id >&2; exit 1")) with
            {
                User = "1234:2345",
                Groups = ["3456"],
            }
        );
        Assert.Equal(24, exit.ExitCode);
    }

    [Fact]
    public async Task A_missing_program_fails_the_start()
    {
        var executor = OpenExecutor();
        Shell("");
        var task = Define(Container(["no-such-program"]));
        await executor.PrepareAsync(task, Cancel);
        var failure = await Assert.ThrowsAsync<TaskFailedException>(() => executor.StartAsync(task, Cancel));
        Assert.StartsWith("starting container failed: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("no-such-program", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_beyond_the_limit_is_out_of_memory()
    {
        RequireOutOfMemoryEvents();
        var exit = await RunAsync(
            Container(Shell("x=0123456789abcdef; while :; do x=$x$x; done")),
            new ResourceRequirements { Limits = new ResourceAmount(500_000_000, 16 << 20), PidsLimit = 20 }
        );
        Assert.Equal(new ExecutorExit(137, OutOfMemoryError), exit);
    }

    [Fact]
    public async Task Two_nodes_on_one_machine_see_their_own_tasks_only()
    {
        var executor = OpenExecutor();
        var other = OpenOtherNode();
        var task = Define(Container(RunsForever));
        await StartAsync(executor, task);
        Assert.Null(await FindAsync(other, task));
        await other.RemoveAsync(task.TaskId, Cancel);
        await other.DisposeAsync();
        Assert.Equal(TaskState.Running, (await FindAsync(executor, task))!.Status.State);
    }

    /// <summary>Runs the task's health checks until disposed, where the executor's engine leaves that to another program.</summary>
    protected virtual IAsyncDisposable? RunChecks(TaskDefinition task) => null;

    /// <summary>Skips where the executor's runtime does not report why a task was killed.</summary>
    protected virtual void RequireOutOfMemoryEvents() { }

    /// <summary>An executor of another node of the same swarm on the same machine.</summary>
    protected abstract ITaskExecutor OpenOtherNode();
}
