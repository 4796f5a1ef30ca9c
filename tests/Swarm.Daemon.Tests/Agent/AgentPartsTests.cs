using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Simulated;
using Swarm.Agent.Journal;
using Swarm.Core.Model;
using Swarm.Daemon.Tests.Executors;
using Swarm.Wire.Limits;
using TaskStatus = Swarm.Core.Model.TaskStatus;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Agent;

/// <summary>Messages that grow with the number of tasks come in parts, with texts that were cut; heartbeats do not wait for them.</summary>
public sealed class AgentPartsTests()
    : AgentTestBase(
        new SimulatedHost(
            TimeProvider.System,
            static task => new SimulatedBehaviour
            {
                Rejection =
                    task.Spec.Container.Dir.Length > 0
                        ? new TaskRejectedException("InvalidOption", Refusal + task.Spec.Container.Dir)
                        : null,
            }
        )
    )
{
    private const string Refusal = "no such directory: ";

    [Fact]
    public async Task Ten_thousand_tasks_of_the_past_are_registered_in_parts_and_heartbeats_come_meanwhile()
    {
        var (lasts, history) = (Remember(1, TaskState.Running), Remember(10_000, TaskState.Failed));
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var register = session.Registration;
        Assert.True(register.TakesParts);
        Assert.InRange(register.CalculateSize(), 1, SessionParts.StatusBytes * 5 / 4);
        // Tasks of which a manager may not know everything come first.
        Assert.Equal(lasts[0], register.Tasks[0].TaskId);

        var told = register.Tasks.Select(static t => t.TaskId).ToHashSet(StringComparer.Ordinal);
        Assert.InRange(told.Count, 2, 5000);
        var reports = new List<ulong>();
        var beats = 0;
        while (told.Count < 10_001)
        {
            var message = await session.ReceiveAsync();
            beats += message.Heartbeat is null ? 0 : 1;
            if (message.Report is { } report)
            {
                Assert.InRange(message.CalculateSize(), 1, SessionParts.StatusBytes * 5 / 4);
                told.UnionWith(report.Updates.Select(static u => u.TaskId));
                reports.Add(report.Number);
            }
        }
        Assert.Equal(lasts.Concat(history).Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
        Assert.True(reports.Count > 1);
        // None of the reports is acknowledged: a manager may take its time.
        while (beats < 2)
        {
            beats += (await session.ReceiveAsync()).Heartbeat is null ? 0 : 1;
        }
        // The next session begins where this one ended.
        session.Close();
        var next = await Manager.AcceptAsync();
        told = next.Registration.Tasks.Select(static t => t.TaskId).ToHashSet(StringComparer.Ordinal);
        while (told.Count < 10_001)
        {
            var report = (await next.ReceiveAsync(static m => m.Report is not null)).Report;
            await next.SendAsync(new V1.ManagerMessage { Ack = new V1.ReportAck { Number = report.Number } });
            told.UnionWith(report.Updates.Select(static u => u.TaskId));
        }
    }

    /// <summary>Twelve such errors were more than a message may have, and the node was locked out for good.</summary>
    [Fact]
    public async Task Twelve_rejected_tasks_with_errors_of_480000_characters_are_reported_and_registered_with_short_ones()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        V1.TaskAssignment[] tasks = [.. Enumerable.Range(0, 12).Select(static i => Assignment(new string((char)('a' + i), 480_000)))];
        foreach (var task in tasks)
        {
            // Each spec has nearly half a megabyte: one at a time, as a manager sends them.
            await (task == tasks[0] ? session.CompleteAsync(task) : session.UpdateAsync(task));
            var error = (await session.UntilAsync(task.TaskId, V1.TaskState.Rejected))[^1].Error;
            Assert.StartsWith(Refusal + task.Spec.Container.Dir[..100], error, StringComparison.Ordinal);
            Assert.EndsWith("…", error, StringComparison.Ordinal);
            Assert.InRange(Encoding.UTF8.GetByteCount(error), BoundedText.StatusBytes - 3, BoundedText.StatusBytes);
        }
        session.Close();
        var next = await Manager.AcceptAsync();
        Assert.Equal(12, next.Registration.Tasks.Count);
        Assert.InRange(next.Registration.CalculateSize(), 1, 12 * (BoundedText.StatusBytes + 200));
        await next.CompleteAsync();
        await Deadline.UntilAsync(() => Journalled.Count == 0, "the tasks to be removed");
    }

    [Fact]
    public async Task Errors_that_an_earlier_agent_kept_in_full_are_cut()
    {
        var status = new TaskStatus
        {
            State = TaskState.Rejected,
            Timestamp = DateTimeOffset.UtcNow,
            Error = new string('x', 480_000),
        };
        using (var store = new TaskStore(StateDirectory, NullLogger.Instance))
        {
            store.Save(Assignment(), status);
        }
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        Assert.InRange(Assert.Single(session.Registration.Tasks).Status.Error.Length, 4000, BoundedText.StatusBytes);
    }

    [Fact]
    public async Task A_complete_set_in_parts_removes_nothing_before_its_last_part()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        V1.TaskAssignment[] tasks = [Assignment(), Assignment(), Assignment()];
        await session.CompleteAsync(tasks);
        await Deadline.UntilAsync(() => Host.TaskIds.Count == 3, "all tasks to be there");
        session.Close();

        var next = await Manager.AcceptAsync();
        var added = Assignment();
        await next.AssignAsync(V1.AssignmentSet.Types.Kind.Complete, [tasks[0], added], [], more: true);
        // The tasks of a part run without the others.
        await next.UntilAsync(added.TaskId, V1.TaskState.Running);
        Assert.Equal(4, Host.TaskIds.Count);
        await next.AssignAsync(V1.AssignmentSet.Types.Kind.Incremental, [tasks[1]], []);
        await Deadline.UntilAsync(() => Host.TaskIds.Count == 3, "the task of no part to be removed");
        Assert.DoesNotContain(tasks[2].TaskId, Host.TaskIds);
        // From here on a set is a change again, and no list.
        var another = Assignment();
        await next.UpdateAsync(another);
        await next.UntilAsync(another.TaskId, V1.TaskState.Running);
        Assert.Equal(4, Host.TaskIds.Count);
    }

    [Fact]
    public async Task A_complete_set_that_was_broken_off_removes_nothing_by_what_the_next_session_brings()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        V1.TaskAssignment[] tasks = [Assignment(), Assignment()];
        await session.CompleteAsync(tasks);
        await Deadline.UntilAsync(() => Host.TaskIds.Count == 2, "both tasks to be there");
        await session.AssignAsync(V1.AssignmentSet.Types.Kind.Complete, [tasks[0]], [], more: true);
        session.Close();
        var next = await Manager.AcceptAsync();
        await next.CompleteAsync(tasks);
        var another = Assignment();
        await next.UpdateAsync(another);
        await next.UntilAsync(another.TaskId, V1.TaskState.Running);
        Assert.Equal(3, Host.TaskIds.Count);
    }

    /// <summary>Executors block: with files, with processes. Heartbeats and streams live on the thread pool.</summary>
    [Fact]
    public async Task Tasks_run_on_threads_of_their_own_and_block_no_heartbeat()
    {
        using var open = new ManualResetEventSlim();
        var executor = new BlockingExecutor(new SimulatedExecutor(Node, Host), open);
        await StartAgentAsync(o => o with { Executor = executor });
        var session = await Manager.AcceptAsync();
        V1.TaskAssignment[] tasks = [.. Enumerable.Range(0, 200).Select(static _ => Assignment())];
        await session.CompleteAsync(tasks);
        for (var beats = 0; beats < 3; )
        {
            beats += (await session.ReceiveAsync()).Heartbeat is null ? 0 : 1;
        }
        Assert.True(executor.Blocked > 0);
        Assert.False(executor.UsedThreadPool);
        open.Set();
        await Deadline.UntilAsync(() => Host.TaskIds.Count == tasks.Length, "all tasks to be prepared");
        Assert.False(executor.UsedThreadPool);
    }

    /// <summary>Puts tasks into the journal, as an earlier agent has left them.</summary>
    private List<string> Remember(int count, TaskState state)
    {
        var ids = new List<string>();
        using var store = new TaskStore(StateDirectory, NullLogger.Instance);
        _ = store.Load(DateTimeOffset.UtcNow);
        var spec = Assignment().Spec;
        for (var i = 0; i < count; i++)
        {
            var task = Assignment();
            task.Spec = spec;
            task.DesiredState = state > TaskState.Running ? V1.TaskState.Shutdown : V1.TaskState.Running;
            ids.Add(task.TaskId);
            var status = new TaskStatus
            {
                State = state,
                Timestamp = DateTimeOffset.UtcNow,
                Message = "started",
                Error = state == TaskState.Failed ? "task: non-zero exit (1)" : "",
                ContainerId = "simulated" + task.TaskId,
            };
            store.Save(task, status);
        }
        return ids;
    }

    private static V1.TaskAssignment Assignment(string dir = "")
    {
        var id = TaskDefinitions.NewId();
        return new V1.TaskAssignment
        {
            TaskId = id,
            ServiceId = TaskDefinitions.NewId(),
            ServiceName = "web",
            Slot = 1,
            Revision = 1,
            DesiredState = V1.TaskState.Running,
            State = V1.TaskState.Assigned,
            Spec = new V1.ServiceSpec
            {
                Name = "web",
                Container = new V1.ContainerSpec { Image = "alpine", Dir = dir },
                Replicated = new V1.ReplicatedMode { Replicas = 1 },
            },
            ContainerName = "web.1." + id,
        };
    }

    /// <summary>Holds the thread of each preparation.</summary>
    private sealed class BlockingExecutor(ITaskExecutor inner, ManualResetEventSlim open) : ITaskExecutor
    {
        private int _blocked;
        private volatile bool _usedThreadPool;

        public int Blocked => Volatile.Read(ref _blocked);

        public bool UsedThreadPool => _usedThreadPool;

        public string Name => inner.Name;

        public Task<NodeDescription> DescribeAsync(CancellationToken cancellation) => inner.DescribeAsync(cancellation);

        public Task<IReadOnlyList<ExecutorTask>> ListAsync(CancellationToken cancellation) => inner.ListAsync(cancellation);

        public Task<string> PrepareAsync(TaskDefinition task, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _blocked);
            Note();
            open.Wait(cancellation);
            return inner.PrepareAsync(task, cancellation);
        }

        public Task StartAsync(TaskDefinition task, CancellationToken cancellation)
        {
            // After a wait: the continuation comes back to the threads of the tasks.
            Note();
            return inner.StartAsync(task, cancellation);
        }

        public Task WaitHealthyAsync(TaskDefinition task, CancellationToken cancellation) => inner.WaitHealthyAsync(task, cancellation);

        public Task<ExecutorExit> WaitExitAsync(TaskDefinition task, CancellationToken cancellation) =>
            inner.WaitExitAsync(task, cancellation);

        public Task StopAsync(TaskDefinition task, CancellationToken cancellation) => inner.StopAsync(task, cancellation);

        public Task RemoveAsync(string taskId, CancellationToken cancellation)
        {
            Note();
            return inner.RemoveAsync(taskId, cancellation);
        }

        public Task<ResolvedImage?> ResolveImageAsync(string image, RegistryCredential? credential, CancellationToken cancellation) =>
            inner.ResolveImageAsync(image, credential, cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private void Note() => _usedThreadPool |= Thread.CurrentThread.IsThreadPoolThread;
    }
}
