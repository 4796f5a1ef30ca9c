using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Swarm.Agent;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Simulated;
using Swarm.Core.Model;
using Swarm.Daemon.Tests.Executors;
using Swarm.Daemon.Tests.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Agent;

/// <summary>Managers that send invalid messages, an engine that fails in any way, damaged files: the agent goes on, and so do the
/// tasks.</summary>
public sealed class AgentFaultTests() : AgentTestBase(new SimulatedHost(TimeProvider.System, static _ => new SimulatedBehaviour()))
{
    private readonly List<string> _ends = [];

    private Task<NodeAgent> StartAgentAsync(ITaskExecutor? executor = null) =>
        StartAgentAsync(options =>
            options with
            {
                Executor = executor ?? options.Executor,
                SessionEnded = (_, reason, _) =>
                {
                    lock (_ends)
                    {
                        _ends.Add(reason);
                    }
                },
            }
        );

    private SimulatedExecutor Simulated() => new(Node, Host);

    private static V1.TaskAssignment Assignment(string? id = null)
    {
        id ??= TaskDefinitions.NewId();
        return new V1.TaskAssignment
        {
            TaskId = id,
            ServiceId = TaskDefinitions.NewId(),
            ServiceName = "helloworld",
            Slot = 1,
            Revision = 1,
            DesiredState = V1.TaskState.Running,
            State = V1.TaskState.Assigned,
            Spec = new V1.ServiceSpec
            {
                Name = "helloworld",
                Container = new V1.ContainerSpec { Image = "alpine" },
                Replicated = new V1.ReplicatedMode { Replicas = 1 },
            },
            ContainerName = "helloworld.1." + id,
        };
    }

    /// <summary>The agent has come back with a new session, and obeys in it.</summary>
    private async Task AssertWorksAsync()
    {
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
    }

    public static TheoryData<string, string> OutOfOrder { get; } =
        new()
        {
            { "assignments", "before it opened the session" },
            { "ack", "before it opened the session" },
            { "session", "opened the session twice" },
            { "period", "HeartbeatPeriod is not a duration" },
            { "role", "is not a value of Role" },
        };

    [Theory]
    [MemberData(nameof(OutOfOrder))]
    public async Task What_a_manager_must_not_send_ends_the_session_and_not_the_agent(string what, string reason)
    {
        await StartAgentAsync();
        var session = what == "session" ? await Manager.AcceptAsync() : await Manager.NextAsync();
        await session.SendAsync(
            what switch
            {
                "assignments" => new V1.ManagerMessage { Assignments = new V1.AssignmentSet { Update = { Assignment() } } },
                "ack" => new V1.ManagerMessage { Ack = new V1.ReportAck { Number = 1 } },
                "session" => new V1.ManagerMessage { Session = new V1.SessionInfo() },
                "period" => new V1.ManagerMessage
                {
                    Session = new V1.SessionInfo { HeartbeatPeriod = new Duration { Seconds = long.MaxValue } },
                },
                _ => new V1.ManagerMessage { Session = new V1.SessionInfo { Role = (V1.NodeRole)9 } },
            }
        );
        await AssertWorksAsync();
        lock (_ends)
        {
            Assert.Contains(reason, _ends[0], StringComparison.Ordinal);
        }
        Assert.Single(Host.TaskIds);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(100_000)]
    public async Task A_heartbeat_period_beyond_reason_is_bounded(long seconds)
    {
        await StartAgentAsync();
        var session = await Manager.NextAsync();
        await session.SendAsync(
            new V1.ManagerMessage { Session = new V1.SessionInfo { HeartbeatPeriod = new Duration { Seconds = seconds } } }
        );
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
    }

    [Fact]
    public async Task A_message_that_it_does_not_know_is_passed_over()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        await session.SendAsync(new V1.ManagerMessage());
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
    }

    [Fact]
    public async Task An_assignment_that_cannot_be_followed_keeps_no_other_from_running()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var good = Assignment();
        var (desired, state, spec) = (Assignment(), Assignment(), Assignment());
        desired.DesiredState = V1.TaskState.Unspecified;
        state.State = (V1.TaskState)99;
        spec.Spec = new V1.ServiceSpec { RestartPolicy = new V1.RestartPolicy { Condition = (V1.RestartCondition)99 } };
        await session.CompleteAsync(Assignment("../../etc/passwd"), Assignment(""), desired, state, spec, good);
        var seen = new Dictionary<string, V1.TaskState>();
        while (seen.GetValueOrDefault(good.TaskId) != V1.TaskState.Running || seen.GetValueOrDefault(spec.TaskId) != V1.TaskState.Rejected)
        {
            var report = (await session.ReceiveAsync(static m => m.Report is not null)).Report;
            await session.SendAsync(new V1.ManagerMessage { Ack = new V1.ReportAck { Number = report.Number } });
            foreach (var update in report.Updates)
            {
                seen[update.TaskId] = update.Status.State;
            }
        }
        Assert.Equal(new[] { good.TaskId, spec.TaskId }.Order(), seen.Keys.Order());
        Assert.Equal([good.TaskId], Host.TaskIds);
        await Eventually.BeTrueAsync(
            () => Journalled.SequenceEqual(new[] { good.TaskId, spec.TaskId }.Order(StringComparer.Ordinal)),
            "the journal has both tasks, and no other"
        );
        // The same for a task that must be deleted.
        await session.RemoveAsync("../../etc/passwd", "", "nobody", spec.TaskId);
        await session.UpdateAsync(Assignment());
        await Eventually.BeTrueAsync(() => Host.TaskIds.Count == 2, "another task runs");
    }

    [Theory]
    [InlineData("cut off")]
    [InlineData("one byte changed")]
    [InlineData("emptied")]
    [InlineData("noise")]
    [InlineData("away")]
    public async Task A_damaged_journal_is_passed_over_and_the_tasks_adopted_all_the_same(string damage)
    {
        var agent = await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        V1.TaskAssignment[] tasks = [Assignment(), Assignment(), Assignment(), Assignment()];
        await session.CompleteAsync(tasks);
        await Eventually.BeTrueAsync(() => tasks.All(t => Host.Find(t.TaskId) is { IsStarted: true }), "all run");
        session.Close();
        await agent.DisposeAsync();
        var whole = await File.ReadAllBytesAsync(Journal, TestContext.Current.CancellationToken);
        byte[] damaged = damage switch
        {
            "cut off" => whole[..(whole.Length / 2)],
            "one byte changed" => [.. whole[..(whole.Length / 2)], (byte)~whole[whole.Length / 2], .. whole[(whole.Length / 2 + 1)..]],
            "noise" => [.. Enumerable.Range(0, whole.Length).Select(static i => (byte)(i * 31))],
            _ => [],
        };
        await File.WriteAllBytesAsync(Journal, damaged, TestContext.Current.CancellationToken);
        if (damage == "away")
        {
            Directory.Delete(TaskFiles, recursive: true);
        }
        await StartAgentAsync();
        var next = await Manager.AcceptAsync();
        Assert.Equal(
            tasks.Select(static t => t.TaskId).Order(StringComparer.Ordinal),
            next.Registration.Tasks.Select(static t => t.TaskId).Order(StringComparer.Ordinal)
        );
        await next.CompleteAsync(tasks);
        foreach (var task in tasks)
        {
            Host.End(task.TaskId, 3);
            Assert.Equal(3, (await next.UntilAsync(task.TaskId, V1.TaskState.Failed))[^1].ExitCode);
        }
    }

    [Fact]
    public async Task Earlier_files_of_tasks_are_taken_over_but_for_damaged_ones_whose_tasks_are_adopted_all_the_same()
    {
        var agent = await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        V1.TaskAssignment[] tasks = [Assignment(), Assignment(), Assignment(), Assignment()];
        await session.CompleteAsync(tasks);
        await Eventually.BeTrueAsync(() => tasks.All(t => Host.Find(t.TaskId) is { IsStarted: true }), "all run");
        session.Close();
        await agent.DisposeAsync();
        File.Delete(Journal);
        string FileOf(int i) => Path.Combine(TaskFiles, tasks[i].TaskId + ".task");
        for (var i = 0; i < tasks.Length; i++)
        {
            await using var file = File.Create(FileOf(i));
            tasks[i].WriteDelimitedTo(file);
            new V1.TaskStatus { State = V1.TaskState.Running, Timestamp = Timestamp.FromDateTime(DateTime.UtcNow) }.WriteDelimitedTo(file);
        }
        var whole = await File.ReadAllBytesAsync(FileOf(0), TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(FileOf(0), whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(FileOf(1), [], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(FileOf(2), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], TestContext.Current.CancellationToken);
        // The file of another task under this task's name.
        File.Copy(FileOf(3), Path.Combine(TaskFiles, "zzz.task"));
        await StartAgentAsync();
        var next = await Manager.AcceptAsync();
        Assert.Equal(
            tasks.Select(static t => (t.TaskId, V1.TaskState.Running)).Order(),
            next.Registration.Tasks.Select(static t => (t.TaskId, t.Status.State)).Order()
        );
        await Eventually.BeTrueAsync(
            () => Directory.GetFiles(TaskFiles) is [var only] && only == Journal && Journalled.SequenceEqual([tasks[3].TaskId]),
            "the journal has the good file's task, and the files are gone"
        );
        await next.CompleteAsync(tasks);
        foreach (var task in tasks)
        {
            Host.End(task.TaskId, 3);
            Assert.Equal(3, (await next.UntilAsync(task.TaskId, V1.TaskState.Failed))[^1].ExitCode);
        }
    }

    [Fact]
    public async Task An_order_to_stop_is_followed_though_it_cannot_be_written_down()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A device that is always full: Linux only.");
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        // As on a full disk: the journal can be opened, and every write fails.
        File.CreateSymbolicLink(Journal, "/dev/full");
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
        var stop = task.Clone();
        stop.DesiredState = V1.TaskState.Shutdown;
        await session.UpdateAsync(stop);
        await session.UntilAsync(task.TaskId, V1.TaskState.Shutdown);
    }

    [Fact]
    public async Task An_engine_that_refuses_with_anything_at_the_start_is_asked_again()
    {
        var executor = new MoodyExecutor(Simulated()) { DescribeFailures = 3, ListFailures = 1 };
        await StartAgentAsync(executor);
        await AssertWorksAsync();
        Assert.Equal((0, 0), (executor.DescribeFailures, executor.ListFailures));
    }

    [Fact]
    public async Task A_removal_that_fails_is_tried_until_it_succeeds()
    {
        var executor = new MoodyExecutor(Simulated()) { RemoveFailures = 3 };
        await StartAgentAsync(executor);
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
        await session.RemoveAsync(task.TaskId);
        await Eventually.BeTrueAsync(() => Host.TaskIds.Count == 0, "the task is removed");
        Assert.Equal(0, executor.RemoveFailures);
    }

    [Fact]
    public async Task A_task_that_fails_and_cannot_be_stopped_has_failed()
    {
        var executor = new MoodyExecutor(Simulated()) { StopFailures = 1, WaitFailures = 1 };
        await StartAgentAsync(executor);
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        await session.CompleteAsync(task);
        Assert.Equal("a fault of the engine", (await session.UntilAsync(task.TaskId, V1.TaskState.Failed))[^1].Error);
        Assert.Equal(0, executor.StopFailures);
    }

    [Fact]
    public async Task Leaving_does_not_wait_for_an_engine_that_is_away()
    {
        var agent = await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
        Host.Available = false;
        var leaving = agent.LeaveAsync();
        Assert.False((await session.ReceiveAsync(static m => m.Goodbye is not null)).Goodbye.Restart);
        session.Close();
        await Deadline.WaitAsync(leaving, "the agent to have left");
        Assert.Equal([task.TaskId], Host.TaskIds);
    }

    [Fact]
    public async Task Leaving_before_the_tasks_were_found_removes_them_all_the_same()
    {
        var first = await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
        var stopping = first.StopAsync(announceRestart: true, TimeSpan.FromSeconds(30));
        await session.ReceiveAsync(static m => m.Goodbye is not null);
        session.Close();
        await stopping;

        var executor = new MoodyExecutor(Simulated()) { ListHangs = 1 };
        var second = await StartAgentAsync(executor);
        await Deadline.WaitAsync(executor.Listing.Task, "the agent to ask for the tasks");
        await Deadline.WaitAsync(second.LeaveAsync(), "the agent to have left");
        Assert.Empty(Host.TaskIds);
    }

    /// <summary>An executor that fails some calls with an exception that no executor should throw.</summary>
    private sealed class MoodyExecutor(ITaskExecutor inner) : ITaskExecutor
    {
        public int DescribeFailures;
        public int ListFailures;
        public int ListHangs;
        public int RemoveFailures;
        public int StopFailures;
        public int WaitFailures;

        public string Name => inner.Name;

        /// <summary>A call that hangs has begun.</summary>
        public TaskCompletionSource Listing { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private static void Fail(ref int failures)
        {
            if (failures > 0)
            {
                failures--;
                throw new NotSupportedException("a fault of the engine");
            }
        }

        public Task<NodeDescription> DescribeAsync(CancellationToken cancellation)
        {
            Fail(ref DescribeFailures);
            return inner.DescribeAsync(cancellation);
        }

        public async Task<IReadOnlyList<ExecutorTask>> ListAsync(CancellationToken cancellation)
        {
            Fail(ref ListFailures);
            if (ListHangs > 0)
            {
                ListHangs--;
                Listing.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            }
            return await inner.ListAsync(cancellation);
        }

        public Task<string> PrepareAsync(TaskDefinition task, CancellationToken cancellation) => inner.PrepareAsync(task, cancellation);

        public Task StartAsync(TaskDefinition task, CancellationToken cancellation) => inner.StartAsync(task, cancellation);

        public Task WaitHealthyAsync(TaskDefinition task, CancellationToken cancellation) => inner.WaitHealthyAsync(task, cancellation);

        public Task<ExecutorExit> WaitExitAsync(TaskDefinition task, CancellationToken cancellation)
        {
            Fail(ref WaitFailures);
            return inner.WaitExitAsync(task, cancellation);
        }

        public Task StopAsync(TaskDefinition task, CancellationToken cancellation)
        {
            Fail(ref StopFailures);
            return inner.StopAsync(task, cancellation);
        }

        public Task RemoveAsync(string taskId, CancellationToken cancellation)
        {
            Fail(ref RemoveFailures);
            return inner.RemoveAsync(taskId, cancellation);
        }

        public Task<ResolvedImage?> ResolveImageAsync(string image, RegistryCredential? credential, CancellationToken cancellation) =>
            inner.ResolveImageAsync(image, credential, cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
