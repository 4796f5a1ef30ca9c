using Microsoft.Extensions.Time.Testing;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Process;
using Swarm.Agent.Executors.Simulated;
using Swarm.Core.Model;
using Swarm.Daemon.Tests.Executors;
using Swarm.Host.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Agent;

/// <summary>The agent against a scripted manager, with simulated tasks (and once with real processes).</summary>
public sealed class AgentTests()
    : AgentTestBase(
        new SimulatedHost(
            TimeProvider.System,
            task => new SimulatedBehaviour
            {
                Rejection =
                    task.Spec.Container.Image == "redis:9" || (task.Spec.Container.Image == "private" && task.RegistryCredential is null)
                        ? new TaskRejectedException("NoSuchImage", $"No such image: {task.Spec.Container.Image}")
                        : null,
                RunTime = task.Spec.Container.Command is ["fail", ..] ? TimeSpan.Zero : null,
                ExitCode = 1,
                StopExitCode = 143,
            }
        )
    )
{
    private static V1.TaskAssignment Assignment(
        V1.TaskState desired = V1.TaskState.Running,
        string image = "alpine",
        params string[] command
    )
    {
        var id = TaskDefinitions.NewId();
        var spec = new V1.ServiceSpec
        {
            Name = "helloworld",
            Container = new V1.ContainerSpec { Image = image },
            Replicated = new V1.ReplicatedMode { Replicas = 1 },
        };
        spec.Container.Command.AddRange(command);
        return new V1.TaskAssignment
        {
            TaskId = id,
            ServiceId = TaskDefinitions.NewId(),
            ServiceName = "helloworld",
            Slot = 1,
            Revision = 1,
            DesiredState = desired,
            State = V1.TaskState.Assigned,
            Spec = spec,
            ContainerName = "helloworld.1." + id,
        };
    }

    private static V1.TaskAssignment Desire(V1.TaskAssignment task, V1.TaskState desired)
    {
        var copy = task.Clone();
        copy.DesiredState = desired;
        return copy;
    }

    [Fact]
    public async Task Registers_and_takes_a_task_to_running_and_to_its_end()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        Assert.Equal(
            ("worker1", "Simulated", 0),
            (session.Registration.Description.Hostname, session.Registration.Description.Executor, session.Registration.Tasks.Count)
        );
        var task = Assignment();
        await session.CompleteAsync(task);
        var running = (await session.UntilAsync(task.TaskId, V1.TaskState.Running))[^1];
        Assert.Equal(("started", "", "simulated" + task.TaskId), (running.Message, running.Error, running.ContainerId));
        Host.End(task.TaskId, 1);
        var failed = (await session.UntilAsync(task.TaskId, V1.TaskState.Failed))[^1];
        Assert.Equal(("task: non-zero exit (1)", 1), (failed.Error, failed.ExitCode));
    }

    [Fact]
    public async Task States_only_move_forward_and_start_with_accepted()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        await session.CompleteAsync(task);
        var states = (await session.UntilAsync(task.TaskId, V1.TaskState.Running)).Select(s => s.State).ToList();
        Assert.Equal(states.Order(), states);
        Assert.Equal(states.Distinct(), states);
    }

    [Fact]
    public async Task Waits_at_ready_until_it_shall_run()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment(V1.TaskState.Ready);
        await session.CompleteAsync(task);
        Assert.Equal("prepared", (await session.UntilAsync(task.TaskId, V1.TaskState.Ready))[^1].Message);
        await session.UpdateAsync(Desire(task, V1.TaskState.Running));
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
    }

    [Fact]
    public async Task Shuts_down_and_removes()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
        await session.UpdateAsync(Desire(task, V1.TaskState.Shutdown));
        var status = (await session.UntilAsync(task.TaskId, V1.TaskState.Shutdown))[^1];
        Assert.Equal(("shutdown", "", 143), (status.Message, status.Error, status.ExitCode));
        // An ended task is kept for its history until the manager deletes it.
        Assert.Equal([task.TaskId], Host.TaskIds);
        await session.RemoveAsync(task.TaskId);
        await Deadline.UntilAsync(() => Host.TaskIds.Count == 0, "the task to be removed");
        await Deadline.UntilAsync(() => Journalled.Count == 0, "its record to go");
    }

    [Fact]
    public async Task A_task_that_waits_at_ready_can_be_shut_down()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment(V1.TaskState.Ready);
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Ready);
        await session.UpdateAsync(Desire(task, V1.TaskState.Shutdown));
        await session.UntilAsync(task.TaskId, V1.TaskState.Shutdown);
    }

    [Fact]
    public async Task A_missing_image_is_a_rejection_in_the_engines_words()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment(image: "redis:9");
        await session.CompleteAsync(task);
        var status = (await session.UntilAsync(task.TaskId, V1.TaskState.Rejected))[^1];
        Assert.Equal(("preparing", "No such image: redis:9"), (status.Message, status.Error));
    }

    [Fact]
    public async Task An_unknown_template_placeholder_is_a_rejection_that_names_it()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        task.Spec.Container.Env.Add("A={{.Task.Colour}}");
        await session.CompleteAsync(task);
        Assert.Contains(
            "The value of the environment variable 'A', column 3: '.Task.Colour' is not known",
            (await session.UntilAsync(task.TaskId, V1.TaskState.Rejected))[^1].Error,
            StringComparison.Ordinal
        );
    }

    /// <summary>The simulated executor shows nothing of its tasks' options, but a target that is expanded to another's is refused.</summary>
    [Theory]
    [InlineData("/{{.Task.Slot}}", "Two mounts have the target '/1'.")]
    [InlineData("/{{index .Service.Labels \"tier\"}}", "")]
    [InlineData("{{\"{{.Name}}\"}}", "The mount target '{{.Name}}' is not absolute.")]
    public async Task Targets_of_mounts_are_expanded(string target, string error)
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        task.Spec.Labels["tier"] = "front";
        task.Spec.Container.Mounts.Add(new V1.Mount { Type = V1.MountType.Volume, Target = "/1" });
        task.Spec.Container.Mounts.Add(new V1.Mount { Type = V1.MountType.Volume, Target = target });
        await session.CompleteAsync(task);
        var status = (await session.UntilAsync(task.TaskId, error.Length > 0 ? V1.TaskState.Rejected : V1.TaskState.Running))[^1];
        Assert.Equal(error, status.Error);
    }

    [Theory]
    [InlineData("web-{{.Task.Slot}}", "")]
    [InlineData("{{index .Service.Labels \"tier\"}}", "'a b' is not a valid host name.")]
    public async Task What_placeholders_become_is_checked_as_what_is_written_out(string hostname, string error)
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        task.Spec.Labels["tier"] = "a b";
        task.Spec.Container.Hostname = hostname;
        await session.CompleteAsync(task);
        var status = (await session.UntilAsync(task.TaskId, error.Length > 0 ? V1.TaskState.Rejected : V1.TaskState.Running))[^1];
        Assert.Equal(error, status.Error);
    }

    [Fact]
    public async Task A_complete_set_ends_what_is_not_in_it()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var (kept, gone) = (Assignment(), Assignment());
        await session.CompleteAsync(kept, gone);
        await Deadline.UntilAsync(() => Host.TaskIds.Count == 2, "both tasks to be there");
        await session.CompleteAsync(kept);
        await Deadline.UntilAsync(() => Host.TaskIds is [var only] && only == kept.TaskId, "the other task to be removed");
    }

    [Fact]
    public async Task A_missing_set_makes_it_reconnect()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        await session.CompleteAsync();
        await session.AssignAsync(V1.AssignmentSet.Types.Kind.Incremental, [Assignment()], [], skip: 1);
        await Manager.AcceptAsync();
        Assert.Empty(Host.TaskIds);
    }

    [Fact]
    public async Task Tasks_run_on_while_cut_off_and_unacknowledged_reports_are_sent_again()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.ReceiveAsync(m => m.Report is not null);
        session.Close();
        var again = await Manager.AcceptAsync();
        Assert.Equal(task.TaskId, Assert.Single(again.Registration.Tasks).TaskId);
        var statuses = await again.UntilAsync(task.TaskId, V1.TaskState.Running);
        Assert.Equal("started", statuses[^1].Message);
        Assert.Equal([task.TaskId], Host.TaskIds);
    }

    [Fact]
    public async Task Follows_a_redirect_and_tells_its_host_the_managers_and_its_role()
    {
        await using var leader = await ScriptedDispatcher.StartAsync();
        IReadOnlyList<string> managers = [];
        var roles = new List<NodeRole>();
        await StartAgentAsync(o => o with { ManagersChanged = told => managers = told, RoleChanged = roles.Add });
        var follower = await Manager.NextAsync();
        var redirect = new V1.Redirect();
        redirect.ManagerAddresses.Add(leader.Address);
        await follower.SendAsync(new V1.ManagerMessage { Redirect = redirect });
        var session = await leader.AcceptAsync(leader.Address, Manager.Address);
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
        Assert.Equal([leader.Address, Manager.Address], managers);
        Assert.Equal([NodeRole.Worker], roles);
    }

    [Fact]
    public async Task A_removed_node_stops_its_tasks_and_tells_its_host()
    {
        var removed = new TaskCompletionSource<int>();
        await StartAgentAsync(o =>
            o with
            {
                Removed = () =>
                {
                    removed.SetResult(Host.TaskIds.Count);
                    return Task.CompletedTask;
                },
            }
        );
        var session = await Manager.AcceptAsync();
        var task = Assignment();
        await session.CompleteAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
        await session.SendAsync(new V1.ManagerMessage { Removed = new V1.Removed() });
        Assert.Equal(0, await Deadline.WaitAsync(removed.Task, "the host to be told of the removal"));
    }

    [Fact]
    public async Task A_planned_stop_is_announced_and_the_next_agent_adopts_the_tasks()
    {
        var agent = await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var (runs, ends) = (Assignment(), Assignment());
        await session.CompleteAsync(runs, ends);
        await session.UntilAsync(runs.TaskId, V1.TaskState.Running);
        await Deadline.UntilAsync(() => Host.Find(ends.TaskId) is { IsStarted: true }, "the second task to run");
        var stop = agent.StopAsync(announceRestart: true, TimeSpan.FromSeconds(30));
        var goodbye = (await session.ReceiveAsync(m => m.Goodbye is not null)).Goodbye;
        Assert.Equal((true, TimeSpan.FromSeconds(30)), (goodbye.Restart, goodbye.Grace.ToTimeSpan()));
        session.Close();
        await stop;
        Host.End(ends.TaskId, 3);
        await StartAgentAsync();
        var next = await Manager.AcceptAsync();
        Assert.Equal(new[] { runs.TaskId, ends.TaskId }.Order(), next.Registration.Tasks.Select(t => t.TaskId).Order());
        Assert.Equal(V1.TaskState.Running, next.Registration.Tasks.Single(t => t.TaskId == runs.TaskId).Status.State);
        await next.CompleteAsync(Desire(runs, V1.TaskState.Running), ends);
        Assert.Equal(3, (await next.UntilAsync(ends.TaskId, V1.TaskState.Failed))[^1].ExitCode);
        Assert.Equal(2, Host.TaskIds.Count);
    }

    [Fact]
    public async Task A_task_that_was_not_prepared_when_the_agent_was_restarted_waits_for_its_credential()
    {
        var agent = await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        await session.CompleteAsync();
        Host.Available = false;
        var task = Assignment(image: "private");
        task.RegistryCredential = new V1.RegistryCredential { Username = "u", Password = "p" };
        await session.UpdateAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Preparing);
        session.Close();
        await agent.DisposeAsync();
        Host.Available = true;

        await StartAgentAsync();
        var next = await Manager.AcceptAsync();
        Assert.Equal(V1.TaskState.Preparing, Assert.Single(next.Registration.Tasks).Status.State);
        await next.CompleteAsync(task);
        await next.UntilAsync(task.TaskId, V1.TaskState.Running);
    }

    [Fact]
    public async Task A_new_session_begins_with_what_the_node_has_become()
    {
        var time = new FakeTimeProvider();
        var executor = new ChangingExecutor(new SimulatedExecutor(Node, Host));
        await StartAgentAsync(o => o with { Time = time, Executor = executor });
        var session = await Manager.AcceptAsync();
        await session.CompleteAsync();
        Assert.Equal("worker1", session.Registration.Description.Hostname);
        executor.Change = d => d with { Hostname = "renamed" };
        var described = session.ReceiveAsync(m => m.Description is not null);
        await Deadline.UntilAsync(() => described.IsCompleted, "a description", () => time.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal("renamed", (await described).Description.Hostname);

        session.Close();
        var next = Manager.AcceptAsync();
        await Deadline.UntilAsync(() => next.IsCompleted, "the next session", () => time.Advance(TimeSpan.FromMilliseconds(100)));
        Assert.Equal("renamed", (await next).Registration.Description.Hostname);
    }

    [Fact]
    public async Task An_engine_that_goes_away_and_comes_back_fails_no_task()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        await session.CompleteAsync();
        Host.Available = false;
        var task = Assignment();
        await session.UpdateAsync(task);
        await session.UntilAsync(task.TaskId, V1.TaskState.Preparing);
        Host.Available = true;
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
    }

    [Fact]
    public async Task Beats_once_a_period()
    {
        var time = new FakeTimeProvider();
        await StartAgentAsync(o => o with { Time = time });
        var session = await Manager.AcceptAsync();
        await session.CompleteAsync();
        for (var beat = 0; beat < 3; beat++)
        {
            var received = session.ReceiveAsync(m => m.Heartbeat is not null);
            // The agent may not have set its timer yet, so the time is advanced until the beat arrives.
            await Deadline.UntilAsync(() => received.IsCompleted, "a heartbeat", () => time.Advance(TimeSpan.FromSeconds(1)));
            await received;
        }
    }

    [Fact]
    public async Task Real_processes_are_kept_across_a_restart_of_the_agent()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The process executor runs on Linux only.");
        ProcessExecutor Open() =>
            new(new ProcessExecutorOptions { Node = Node, TasksDirectory = Path.Combine(WorkDirectory, "processes") });
        var executor = Open();
        var first = await StartAgentAsync(o => o with { Executor = executor });
        var session = await Manager.AcceptAsync();
        var (stays, ends) = (
            Assignment(command: ["ping", "docker.com"]),
            Assignment(command: ["sh", "-c", "while [ ! -f end ]; do sleep 0.02; done; exit 9"])
        );
        await session.CompleteAsync(stays, ends);
        var pid = (await session.UntilAsync(stays.TaskId, V1.TaskState.Running))[^1].Pid;
        await Deadline.UntilAsync(
            () => File.Exists(Path.Combine(WorkDirectory, "processes", ends.TaskId, "started")),
            "the second task to be started"
        );
        await first.DisposeAsync();
        await executor.DisposeAsync();
        await File.WriteAllTextAsync(
            Path.Combine(WorkDirectory, "processes", ends.TaskId, "work", "end"),
            "",
            TestContext.Current.CancellationToken
        );
        await Deadline.UntilAsync(
            () => File.Exists(Path.Combine(WorkDirectory, "processes", ends.TaskId, "exit")),
            "the second task to end"
        );

        await using var adopting = Open();
        var second = await StartAgentAsync(o => o with { Executor = adopting });
        var next = await Manager.AcceptAsync();
        var found = next.Registration.Tasks.Single(t => t.TaskId == stays.TaskId).Status;
        Assert.Equal((V1.TaskState.Running, pid), (found.State, found.Pid));
        Assert.NotNull(ProcStat.Of((int)pid));
        await next.CompleteAsync(stays, ends);
        Assert.Equal(9, (await next.UntilAsync(ends.TaskId, V1.TaskState.Failed))[^1].ExitCode);
        await second.RemoveTasksAsync();
        Assert.Null(ProcStat.Of((int)pid) is { State: not 'Z' } alive ? alive : null);
    }

    [Fact]
    public async Task A_host_call_is_carried_out_beside_the_session_and_answered()
    {
        var begun = new TaskCompletionSource<V1.HostCommand>(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource<V1.HostAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAgentAsync(o =>
            o with
            {
                RunHostCommand = (command, _) =>
                {
                    begun.SetResult(command);
                    return answer.Task;
                },
            }
        );
        var session = await Manager.AcceptAsync();
        var command = new V1.HostCommand { Firewall = new V1.FirewallCommand { Zone = "work" } };
        await session.SendAsync(
            new V1.ManagerMessage
            {
                HostCall = new V1.HostCall { Number = 7, Command = command },
            }
        );
        Assert.Equal(command, await Deadline.WaitAsync(begun.Task, "the command to be carried out"));
        // A slow tool does not silence the node.
        while ((await session.ReceiveAsync()).MessageCase != V1.AgentMessage.MessageOneofCase.Heartbeat) { }
        answer.SetResult(new V1.HostAnswer { Firewall = new V1.FirewallReport { Warnings = { "slow" } } });
        V1.AgentMessage message;
        do
        {
            message = await session.ReceiveAsync();
        } while (message.MessageCase != V1.AgentMessage.MessageOneofCase.HostReply);
        Assert.Equal((7UL, "slow"), (message.HostReply.Number, message.HostReply.Answer.Firewall.Warnings.Single()));
    }
}
