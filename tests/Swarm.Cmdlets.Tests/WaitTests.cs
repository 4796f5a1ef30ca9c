using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class WaitTests
{
    [Fact]
    public async ValueTask Node_is_shown_as_the_wait_left_it()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.Nodes[1].State = V1.NodeState.Down;
        shell.Fake.DuringNodeWait = n => n.State = V1.NodeState.Ready;
        Assert.Equal(NodeState.Ready, shell.Run("Set-SwarmNode worker1 -Availability Active -Wait -PassThru").One<Node>().State);
    }

    [Fact]
    public async ValueTask Removed_services_are_waited_for_by_name()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Run("Remove-SwarmService web -Force; Wait-SwarmService web -Removed").ThrowIfFailed();
        var request = shell.Fake.Last<V1.WaitServicesRequest>();
        Assert.Equal(("web", true), (Assert.Single(request.Selectors), request.Removed));
        var id = shell.Fake.AddService("db").Id;
        shell.Run("'web','d*' | Wait-SwarmService -Removed").ThrowIfFailed();
        Assert.Equal(["web", id], shell.Fake.Last<V1.WaitServicesRequest>().Selectors);
        Assert.StartsWith("ServiceNotFound,", shell.Run("Wait-SwarmService web").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask Waiting_for_the_end_of_what_was_not_there_succeeds_with_a_warning_unless_this_session_removed_it()
    {
        await using var shell = await Shell.StartAsync();
        var wrong = shell.Run("Wait-SwarmService wbe -Removed").ThrowIfFailed();
        Assert.Equal(
            "There was nothing to wait for: there is no service 'wbe', and no task of one. It was removed before, or the name is wrong.",
            Assert.Single(wrong.Warnings)
        );
        var id = shell.Fake.AddService("web").Id;
        Assert.Empty(shell.Run("Remove-SwarmService web -Force; Wait-SwarmService web -Removed").ThrowIfFailed().Warnings);
        Assert.Empty(shell.Run("Wait-SwarmService $id -Removed", ("id", id)).ThrowIfFailed().Warnings);
    }

    [Fact]
    public async ValueTask Stopped_tasks_are_waited_for_together_and_shown_as_the_wait_left_them()
    {
        await using var shell = await Shell.StartAsync();
        var service = shell.Fake.AddService("web", 2);
        Assert.Empty(shell.Run("Stop-SwarmTask web.1").ThrowIfFailed().Output);
        Assert.Equal(0, shell.Fake.Count<V1.WaitTaskRequest>());
        shell.Fake.DuringTaskWait = t => t.Status.State = V1.TaskState.Shutdown;
        var waited = shell.Run("Get-SwarmTask web | Stop-SwarmTask -Wait -PassThru");
        Assert.Equal([("web.1", TaskState.Shutdown), ("web.2", TaskState.Shutdown)], waited.As<Task>().Select(t => (t.Name, t.State)));
        Assert.Equal(
            shell.Fake.Tasks.Select(t => (t.Id, service.Id, t.Slot, t.NodeId)).Order(),
            shell.Fake.All<V1.WaitTaskRequest>().Select(r => (r.TaskId, r.ServiceId, r.Slot, r.NodeId)).Order()
        );
        Assert.Contains(waited.Progress, p => p.Activity == "Stopping web.2" && p.StatusDescription == "the task is stopping");
        Assert.Equal(2, waited.Progress.Where(p => p.RecordType == ProgressRecordType.Completed).DistinctBy(p => p.ActivityId).Count());
        // A task that no history holds any more is shown in its last known state.
        shell.Fake.DuringTaskWait = t => shell.Fake.Tasks.Remove(t);
        Assert.Equal("web.2", shell.Run("Stop-SwarmTask web.2 -Wait -PassThru").One<Task>().Name);
    }

    [Fact]
    public async ValueTask A_replacement_that_fails_for_good_is_an_error_of_the_wait()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.ReplacementFails = true;
        var error = shell.Run("Stop-SwarmTask web.1 -Wait").Error;
        Assert.StartsWith("ReplacementFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.InvalidOperation, "web.1"), (error.CategoryInfo.Category, (string)error.TargetObject));
        Assert.StartsWith(
            "Task 'web.1' has ended, but its replacement has ended (Failed) and is not restarted. Correct the service with Set-SwarmService web",
            error.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async ValueTask Removed_nodes_are_waited_for_by_their_ids()
    {
        await using var shell = await Shell.StartAsync();
        var waited = shell.Run("Remove-SwarmNode worker* -Force -Wait").ThrowIfFailed();
        Assert.Equal("manager1", Assert.Single(shell.Fake.Nodes).Name);
        var requests = shell.Fake.All<V1.WaitNodeRequest>();
        Assert.Equal(["node1id", "node2id"], requests.Select(r => r.Selector).Order());
        Assert.All(requests, r => Assert.Equal((true, false), (r.UntilRemoved, r.UntilDrained)));
        Assert.Contains(waited.Progress, p => p.Activity == "Removing worker2");
    }

    [Theory]
    [InlineData("Stop-SwarmTask web.1,web.2 -Wait -Timeout 300ms", "web.1", "web.2", "the task is stopping")]
    [InlineData("Remove-SwarmNode worker1,worker2 -Force -Wait -Timeout 300ms", "worker1", "worker2", "2 tasks left")]
    [InlineData("Set-SwarmNode worker1,worker2 -Availability Drain -Wait -Timeout 300ms", "worker1", "worker2", "2 tasks left")]
    public async ValueTask A_wait_that_is_too_long_is_an_error_each_and_the_change_stays(
        string script,
        string first,
        string second,
        string so
    )
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web", 2);
        shell.Fake.WaitsNeverEnd = true;
        var errors = shell.Run(script).Errors;
        Assert.Equal([first, second], errors.Select(e => (string)e.TargetObject));
        Assert.All(errors, e => Assert.StartsWith("WaitTimeout,", e.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.All(errors, e => Assert.Contains(so, e.Exception.Message, StringComparison.Ordinal));
        Assert.All(errors, e => Assert.Contains("The change stays in effect.", e.Exception.Message, StringComparison.Ordinal));
        Assert.Equal(
            2,
            shell.Fake.Count<V1.StopTaskRequest>() + shell.Fake.Count<V1.RemoveNodeRequest>() + shell.Fake.Count<V1.UpdateNodeRequest>()
        );
    }

    [Fact]
    public async ValueTask A_daemon_that_goes_away_ends_every_wait_with_one_error()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web", 2);
        shell.Fake.WaitsNeverEnd = true;
        shell.Fake.BreaksWaitOf = shell.Fake.Tasks[1].Id;
        var result = shell.Run("Stop-SwarmTask web.1,web.2 -Wait");
        Assert.StartsWith("DaemonUnavailable,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async ValueTask A_refusal_of_one_wait_leaves_the_others()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web", 2);
        shell.Fake.DuringTaskWait = t =>
            t.Status.State =
                t.Slot == 2
                    ? V1.TaskState.Shutdown
                    : throw FakeControl.Refuse(Grpc.Core.StatusCode.NotFound, "TaskNotFound", "task web.1 not found", t.Name);
        var result = shell.Run("Stop-SwarmTask web.1,web.2 -Wait -PassThru");
        Assert.StartsWith("TaskNotFound,", result.Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal([TaskState.Running, TaskState.Shutdown], result.Output.Select(o => Assert.IsType<Task>(o.BaseObject).State));
    }

    [Theory]
    [InlineData("New-SwarmService db alpine -Wait")]
    [InlineData("Set-SwarmService web -Image web:2 -Wait")]
    [InlineData("Invoke-SwarmScale web 5 -Wait")]
    [InlineData("Restart-SwarmService web -Wait")]
    [InlineData("Undo-SwarmService web -Wait")]
    [InlineData("Remove-SwarmService web -Force -Wait")]
    [InlineData("Wait-SwarmService web")]
    [InlineData("Stop-SwarmTask web.1,web.2 -Wait")]
    [InlineData("Set-SwarmNode worker2 -Availability Drain -Wait")]
    [InlineData("Remove-SwarmNode worker1,worker2 -Force -Wait")]
    public async ValueTask Ctrl_C_ends_the_wait_and_not_the_change(string script)
    {
        await using var shell = await Shell.StartAsync();
        var web = shell.Fake.AddService("web", 2);
        web.PreviousSpec = web.Spec.Clone();
        shell.Fake.Progress.Add(null);
        shell.Fake.WaitsNeverEnd = true;
        using var output = new PSDataCollection<PSObject>();
        using var running = shell.Begin(script, output);
        await Deadline.WaitAsync(shell.Fake.Waiting.Task, "the command to wait");
        var changes = Changes(shell.Fake);
        running.Stop();
        Assert.Equal(PSInvocationState.Stopped, running.InvocationStateInfo.State);
        Assert.Empty(running.Streams.Error);
        // Nothing takes the change back, and the session goes on.
        Assert.Equal(changes, Changes(shell.Fake));
        Assert.NotEmpty(shell.Run("Get-SwarmNode").ThrowIfFailed().Output);
    }

    // Fields of changes that waits do not have.
    private static int Changes(FakeControl fake) =>
        fake.All<Google.Protobuf.IMessage>().Count(m => m.Descriptor.FindFieldByName("request_id") is not null);
}
