using System.Collections.Concurrent;
using Swarm.Agent.Executors.Simulated;
using Swarm.Daemon.Tests.Executors;
using Swarm.Daemon.Tests.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Agent;

/// <summary>An agent takes specs from the revisions that the session has sent, and builds a task's definition once.</summary>
public sealed class AgentRevisionTests() : AgentTestBase(new SimulatedHost(TimeProvider.System, static _ => new SimulatedBehaviour()))
{
    private const string ServiceId = "service1";
    private readonly ConcurrentQueue<string> _ends = new();

    [Fact]
    public async Task A_task_of_a_revision_that_was_sent_before_runs()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var (first, second) = (Assignment(1), Assignment(1));
        await SendAsync(session, 0, Complete([first], Revision(1)));
        await session.UntilAsync(first.TaskId, V1.TaskState.Running);
        await SendAsync(session, 1, Incremental([second]));
        await session.UntilAsync(second.TaskId, V1.TaskState.Running);
    }

    [Theory]
    [InlineData("unknown revision", 2)]
    [InlineData("own spec", 2)]
    public async Task An_incremental_set_with_a_revision_that_was_not_sent_ends_the_session_with_the_reason(string which, ulong revision)
    {
        await StartAgentAsync(o => o with { SessionEnded = (_, reason, _) => _ends.Enqueue(reason) });
        var session = await Manager.AcceptAsync();
        await SendAsync(session, 0, Complete([], Revision(1)));
        var task = Assignment(revision);
        if (which == "own spec")
        {
            task.Spec = Revision(revision).Spec;
        }
        var other = Assignment(1);
        await SendAsync(session, 1, Incremental([other, task], Revision(1)));
        var next = await Manager.AcceptAsync();
        Assert.Equal(
            $"task {task.TaskId} refers to revision 2 of service {ServiceId}, which the manager has not sent",
            Assert.Single(_ends)
        );
        // Nothing of that set was followed; the complete set of the next session is.
        Assert.Empty(Host.TaskIds);
        await SendAsync(next, 0, Complete([task], Revision(revision)));
        await next.UntilAsync(task.TaskId, V1.TaskState.Running);
    }

    [Fact]
    public async Task A_revision_is_dropped_with_its_last_task()
    {
        await StartAgentAsync(o => o with { SessionEnded = (_, reason, _) => _ends.Enqueue(reason) });
        var session = await Manager.AcceptAsync();
        var task = Assignment(1);
        await SendAsync(session, 0, Complete([task], Revision(1)));
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
        await SendAsync(session, 1, new V1.AssignmentSet { Kind = V1.AssignmentSet.Types.Kind.Incremental, Remove = { task.TaskId } });
        await SendAsync(session, 2, Incremental([Assignment(1)]));
        await Manager.AcceptAsync();
        Assert.Contains("refers to revision 1", Assert.Single(_ends), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_complete_set_is_followed_without_the_task_whose_revision_it_lacks()
    {
        await StartAgentAsync();
        var session = await Manager.AcceptAsync();
        var kept = Assignment(1);
        await SendAsync(session, 0, Complete([kept], Revision(1)));
        await session.UntilAsync(kept.TaskId, V1.TaskState.Running);
        // It starts afresh: revision 1 is known no more. The task that runs of it is wanted still.
        var good = Assignment(2);
        await SendAsync(session, 1, Complete([Assignment(1), kept, good], Revision(2)));
        await session.UntilAsync(good.TaskId, V1.TaskState.Running);
        Assert.Equal(new[] { kept.TaskId, good.TaskId }.Order(), Host.TaskIds.Order());
    }

    [Fact]
    public async Task A_definition_is_built_once_for_an_assignment()
    {
        var executor = new ChangingExecutor(new SimulatedExecutor(Node, Host));
        await StartAgentAsync(o => o with { Executor = executor });
        var session = await Manager.AcceptAsync();
        var task = Assignment(1);
        await SendAsync(session, 0, Complete([task], Revision(1)));
        await session.UntilAsync(task.TaskId, V1.TaskState.Running);
        await Eventually.BeTrueAsync(() => executor.Definitions.Count == 5, "prepare, start, health, pid and exit were asked for");
        Assert.Single(executor.Definitions.Distinct(ReferenceEqualityComparer.Instance));
        // The order to stop is another assignment.
        task.DesiredState = V1.TaskState.Shutdown;
        await SendAsync(session, 1, Incremental([task]));
        await session.UntilAsync(task.TaskId, V1.TaskState.Shutdown);
        Assert.Equal(2, executor.Definitions.Distinct(ReferenceEqualityComparer.Instance).Count());
    }

    private static V1.AssignedRevision Revision(ulong number) =>
        new()
        {
            ServiceId = ServiceId,
            Number = number,
            Spec = new V1.ServiceSpec
            {
                Name = "web",
                Container = new V1.ContainerSpec { Image = "alpine:" + number },
                Replicated = new V1.ReplicatedMode { Replicas = 1 },
            },
        };

    private static V1.TaskAssignment Assignment(ulong revision)
    {
        var id = TaskDefinitions.NewId();
        return new V1.TaskAssignment
        {
            TaskId = id,
            ServiceId = ServiceId,
            ServiceName = "web",
            Slot = 1,
            Revision = revision,
            DesiredState = V1.TaskState.Running,
            State = V1.TaskState.Assigned,
            ContainerName = "web.1." + id,
        };
    }

    private static V1.AssignmentSet Complete(V1.TaskAssignment[] tasks, params V1.AssignedRevision[] revisions) =>
        new()
        {
            Kind = V1.AssignmentSet.Types.Kind.Complete,
            Update = { tasks },
            Revisions = { revisions },
        };

    private static V1.AssignmentSet Incremental(V1.TaskAssignment[] tasks, params V1.AssignedRevision[] revisions) =>
        new()
        {
            Kind = V1.AssignmentSet.Types.Kind.Incremental,
            Update = { tasks },
            Revisions = { revisions },
        };

    private static Task SendAsync(ScriptedSession session, ulong appliesTo, V1.AssignmentSet set)
    {
        (set.AppliesTo, set.ResultsIn) = (appliesTo, appliesTo + 1);
        return session.SendAsync(new V1.ManagerMessage { Assignments = set });
    }
}
