using Swarm.Consensus.Errors;
using Swarm.Control.Objects;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Core.State;
using Swarm.Manager.Leader;

namespace Swarm.Daemon.Tests.Manager;

public sealed class LeaderLoopTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<string> SetLabelAsync(TestManager manager, string requestId, string nodeId, string label, string value) =>
        manager.Runtime.ExecuteAsync(
            requestId,
            state =>
            {
                var node = state.FindNode(nodeId) ?? throw new SwarmException(SwarmErrorKind.NotFound, "NodeNotFound", "no node");
                var spec = node.Spec with { Labels = node.Spec.Labels.With(label, value) };
                return new CommandChanges([new StateChange.NodeSpecSet(nodeId, spec, DateTimeOffset.UtcNow)], nodeId);
            },
            static (_, id) => id,
            Cancel
        );

    private static string? Label(TestManager manager, string nodeId, string label) =>
        manager.Runtime.State.Read(s => s.FindNode(nodeId)!.Spec.Labels.TryGetValue(label, out var value) ? value : null);

    [Fact]
    public async Task Writes_of_different_objects_share_a_batch_and_writes_of_one_object_do_not_lose_each_other()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a");
        await manager.AddNodeAsync("b");
        var gate = new TaskCompletionSource();
        manager.Log.Gate = gate.Task;
        var first = SetLabelAsync(manager, "", "a", "x", "1");
        var writes = Enumerable.Range(0, 20).Select(i => SetLabelAsync(manager, "", i % 2 == 0 ? "a" : "b", $"l{i}", "1")).ToArray();
        var before = manager.Log.Batches.Count;
        gate.SetResult();
        await Task.WhenAll([first, .. writes]);
        Assert.Equal(11, manager.Runtime.State.Read(s => s.FindNode("a")!.Spec.Labels.Count));
        Assert.Equal(10, manager.Runtime.State.Read(s => s.FindNode("b")!.Spec.Labels.Count));
        Assert.InRange(manager.Log.Batches.Count - before, 10, 20);
    }

    [Fact]
    public async Task A_retry_with_the_same_request_id_is_answered_from_the_record()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a");
        Assert.Equal("a", await SetLabelAsync(manager, "r1", "a", "x", "1"));
        Assert.Equal("a", await SetLabelAsync(manager, "r1", "a", "x", "2"));
        Assert.Equal("1", Label(manager, "a", "x"));
    }

    [Fact]
    public async Task Two_writes_with_one_request_id_at_the_same_time_are_done_once()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a");
        var gate = new TaskCompletionSource();
        manager.Log.Gate = gate.Task;
        var writes = Enumerable.Range(0, 5).Select(i => SetLabelAsync(manager, "same", "a", $"l{i}", "1")).ToArray();
        gate.SetResult();
        await Task.WhenAll(writes);
        Assert.Equal(1, manager.Runtime.State.Read(s => s.FindNode("a")!.Spec.Labels.Count));
    }

    [Fact]
    public async Task A_refused_write_changes_nothing_and_others_go_on()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a");
        var gate = new TaskCompletionSource();
        manager.Log.Gate = gate.Task;
        var good = SetLabelAsync(manager, "", "a", "x", "1");
        var bad = SetLabelAsync(manager, "", "none", "x", "1");
        var alsoGood = SetLabelAsync(manager, "", TestManager.Self, "x", "1");
        gate.SetResult();
        await good;
        await alsoGood;
        Assert.Equal("NodeNotFound", (await Assert.ThrowsAsync<SwarmException>(() => bad)).ErrorId);
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_and_the_next_one_succeeds_when_there_is_room()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a");
        manager.Log.Fault = _ => new ReplicatedLogException(ReplicatedLogError.StorageFull, "disk full");
        var refused = await Assert.ThrowsAsync<SwarmException>(() => SetLabelAsync(manager, "r", "a", "x", "1"));
        Assert.Equal("StorageFull", refused.ErrorId);
        Assert.Null(Label(manager, "a", "x"));
        manager.Log.Fault = null;
        await SetLabelAsync(manager, "r", "a", "x", "1");
        Assert.Equal("1", Label(manager, "a", "x"));
    }

    [Fact]
    public async Task Losing_leadership_while_writing_says_that_the_outcome_is_unknown_and_a_retry_does_it_once()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a");
        manager.Log.FailAfterCommit = true;
        manager.Log.Fault = _ => new ReplicatedLogException(ReplicatedLogError.LeadershipLost, "lost");
        var unknown = await Assert.ThrowsAsync<SwarmException>(() => SetLabelAsync(manager, "r", "a", "x", "1"));
        Assert.Equal("OutcomeUnknown", unknown.ErrorId);
        manager.Log.Fault = null;
        Assert.Equal("a", await SetLabelAsync(manager, "r", "a", "x", "2"));
        Assert.Equal("1", Label(manager, "a", "x"));
    }

    [Fact]
    public async Task Without_leadership_writes_are_refused_and_with_it_they_go_on()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a");
        manager.Log.SetLeader(false);
        var refused = await Assert.ThrowsAsync<SwarmException>(() => SetLabelAsync(manager, "", "a", "x", "1"));
        Assert.Equal("NoLeader", refused.ErrorId);
        manager.Log.SetLeader(true);
        await SetLabelAsync(manager, "", "a", "x", "1");
    }

    [Fact]
    public async Task A_write_larger_than_an_entry_is_refused_and_others_of_its_batch_go_on()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a");
        await manager.AddNodeAsync("b");
        manager.Log.Fault = batch =>
            batch.OfType<StateChange.NodeSpecSet>().Any(c => c.NodeId == "b")
                ? new ReplicatedLogException(ReplicatedLogError.TooLarge, "too large")
                : null;
        var gate = new TaskCompletionSource();
        manager.Log.Gate = gate.Task;
        var first = SetLabelAsync(manager, "", TestManager.Self, "x", "1");
        var good = SetLabelAsync(manager, "", "a", "x", "1");
        var large = SetLabelAsync(manager, "", "b", "x", "1");
        gate.SetResult();
        await Task.WhenAll(first, good);
        Assert.Equal("RequestTooLarge", (await Assert.ThrowsAsync<SwarmException>(() => large)).ErrorId);
    }

    [Fact]
    public async Task A_report_of_another_nodes_task_is_ignored_and_one_that_passes_running_keeps_when_it_ran()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a", NodeState.Ready);
        var store = manager.Runtime.State;
        await new ServicesApi(manager.Runtime.Objects).CreateService(ApiRequests.Create("web"), new DirectCall(Cancel));
        await manager.UntilAsync(s => s.Tasks.Any(t => t.Status.State == TaskState.Assigned));
        var task = store.Read(s => s.Tasks.Single());
        // The worker's clock is five minutes behind.
        var at = DateTimeOffset.UtcNow.AddMinutes(-5);
        var loop = manager.Runtime.Loop;
        await loop.ReportAsync("other", [Report(task.Id, TaskState.Running, at)], Cancel);
        Assert.Equal(TaskState.Assigned, store.Read(s => s.FindTask(task.Id)!.Status.State));
        await loop.ReportAsync("a", [Report(task.Id, TaskState.Running, at), Report(task.Id, TaskState.Failed, at.AddSeconds(1))], Cancel);
        var ended = store.Read(s => s.FindTask(task.Id)!);
        Assert.Equal(TaskState.Failed, ended.Status.State);
        Assert.Equal(at.AddSeconds(1), ended.Status.Timestamp);
        Assert.InRange(ended.RunningSince!.Value, at.AddMinutes(5), DateTimeOffset.UtcNow);
        Assert.InRange(ended.EndedAt!.Value, ended.RunningSince.Value, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task A_slow_watcher_is_dropped_and_the_writer_goes_on()
    {
        await using var manager = await TestManager.StartAsync();
        await manager.AddNodeAsync("a");
        using var subscription = manager.Runtime.State.Subscribe(2, out _);
        for (var i = 0; i < 5; i++)
        {
            await SetLabelAsync(manager, "", "a", "x", $"{i}");
        }
        var e = await Assert.ThrowsAsync<SwarmException>(async () =>
        {
            await foreach (var _ in Deadline.EachAsync(subscription.ReadAllAsync(Cancel), "the watcher to be dropped")) { }
        });
        Assert.Equal("WatcherTooSlow", e.ErrorId);
    }

    private static ReportedStatus Report(string taskId, TaskState state, DateTimeOffset at) =>
        new(taskId, new Core.Model.TaskStatus { State = state, Timestamp = at });
}
