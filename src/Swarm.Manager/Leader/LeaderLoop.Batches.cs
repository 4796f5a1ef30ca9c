using Swarm.Consensus.Errors;
using Swarm.Control.Errors;
using Swarm.Control.State;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Manager.Leader;

// Makes batches of the waiting commands, and returns the outcome to their callers.
public sealed partial class LeaderLoop
{
    /// <returns>True when it took something from the inbox.</returns>
    private async Task<bool> CommitWaitingAsync()
    {
        var commands = new List<PreparedCommand>();
        var reports = new List<WaitingReport>();
        var taken = false;
        var observations = _store.Read(state =>
        {
            var size = 0;
            taken = GatherCommands(state, commands, ref size);
            return GatherReports(state, reports, ref size);
        });
        if (commands.Count == 0 && observations.Count == 0)
        {
            reports.ForEach(r => r.Complete());
            return taken || reports.Count > 0;
        }
        try
        {
            await ProposeTogetherAsync(commands, observations);
        }
        catch (ReplicatedLogException e)
        {
            var why = LogErrors.From(e, _log.LeaderAddress);
            // The committed commands of a divided batch have their answer already; failing them again does nothing.
            commands.ForEach(c => c.Command.Fail(why));
            reports.ForEach(r => r.Fail(why));
            throw;
        }
        catch (Exception e)
        {
            commands.ForEach(c => c.Command.Fail(e is OperationCanceledException ? LeaderErrors.Stopping() : e));
            reports.ForEach(r => r.Fail(e is OperationCanceledException ? LeaderErrors.Stopping() : e));
            throw;
        }
        Answer(commands);
        reports.ForEach(r => r.Complete());
        return true;
    }

    private async Task ProposeTogetherAsync(List<PreparedCommand> commands, List<StateChange> observations)
    {
        try
        {
            await _log.ProposeAsync([.. commands.SelectMany(c => c.Changes), .. observations], _stop.Token);
            return;
        }
        catch (ReplicatedLogException e) when (e.Error == ReplicatedLogError.TooLarge)
        {
            // The commands touch different objects, so they may go one by one; only a command that is too large by itself is refused.
        }
        foreach (var command in commands)
        {
            try
            {
                await _log.ProposeAsync(command.Changes, _stop.Token);
                Answer([command]);
            }
            catch (ReplicatedLogException e) when (e.Error == ReplicatedLogError.TooLarge)
            {
                command.Command.Fail(LogErrors.From(e, _log.LeaderAddress));
            }
        }
        if (observations.Count > 0)
        {
            await ProposeHalvingAsync(observations);
        }
    }

    private void Answer(List<PreparedCommand> commands)
    {
        if (commands.Count > 0)
        {
            _store.Read(state =>
            {
                commands.ForEach(c => c.Command.Complete(state, c.ResultId));
                return true;
            });
        }
    }

    private bool GatherCommands(ClusterState state, List<PreparedCommand> batch, ref int size)
    {
        var taken = false;
        HashSet<string> touched = new(StringComparer.Ordinal);
        while (_inbox.TryPeekCommand(out var command))
        {
            if (command!.Cancellation.IsCancellationRequested)
            {
                command.Fail(new OperationCanceledException(command.Cancellation));
            }
            else if (command.RequestId.Length > 0 && state.FindRequest(command.RequestId) is { } record)
            {
                command.Complete(state, record.ResultId);
            }
            else
            {
                switch (TryPrepare(command, state, touched, batch.Count > 0, ref size))
                {
                    case (true, { } prepared):
                        batch.Add(prepared);
                        break;
                    case (false, _):
                        return taken;
                    default:
                        break;
                }
            }
            _inbox.TakeCommand();
            taken = true;
        }
        return taken;
    }

    /// <returns>Taken: false when it has to wait for the next batch. Prepared: null when there is nothing to propose.</returns>
    private (bool Taken, PreparedCommand? Prepared) TryPrepare(
        WaitingCommand command,
        ClusterState state,
        HashSet<string> touched,
        bool batchHasOthers,
        ref int size
    )
    {
        CommandChanges changes;
        try
        {
            changes = command.Prepare(state);
        }
#pragma warning disable CA1031 // A refusal, or a fault in one command, concerns only its caller.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (batchHasOthers)
            {
                // The command may be refused (or granted) because of this batch: it is checked again after it.
                return (false, null);
            }
            command.Fail(e);
            return (true, null);
        }
        var keys = changes.Keys(command.RequestId, state);
        var bytes = changes.Changes.Sum(static c => c.EstimateSize());
        if (batchHasOthers && (touched.Overlaps(keys) || size + bytes > BatchLimit))
        {
            return (false, null);
        }
        if (changes.Changes.Count == 0)
        {
            command.Complete(state, changes.ResultId);
            return (true, null);
        }
        touched.UnionWith(keys);
        size += bytes;
        List<StateChange> all = [.. changes.Changes];
        if (command.RequestId.Length > 0)
        {
            all.Add(new StateChange.RequestRecord(command.RequestId, changes.ResultId, _time.GetUtcNow()));
        }
        return (true, new PreparedCommand(command, all, changes.ResultId));
    }

    /// <summary>Keeps only the newest status of each task. The one that says Running is kept beside the final one, because it sets
    /// <see cref="SwarmTask.RunningSince"/>.</summary>
    private List<StateChange> GatherReports(ClusterState state, List<WaitingReport> taken, ref int size)
    {
        var now = _time.GetUtcNow();
        var changes = new List<StateChange>();
        var latest = new Dictionary<string, (int At, TaskStatus Status)>(StringComparer.Ordinal);
        while (size < BatchLimit && _inbox.TryTakeReport(out var report))
        {
            taken.Add(report!);
            foreach (var (taskId, status) in report!.Updates)
            {
                if (state.FindTask(taskId) is not { } task || task.NodeId != report.NodeId)
                {
                    continue;
                }
                var waits = latest.TryGetValue(taskId, out var entry);
                var known = waits ? entry.Status : task.Status;
                if (status.State < known.State || status == known)
                {
                    continue;
                }
                var change = new StateChange.TaskObserve(taskId, status, now);
                if (waits && !(known.State == TaskState.Running && status.State > TaskState.Running))
                {
                    changes[entry.At] = change;
                    latest[taskId] = (entry.At, status);
                }
                else
                {
                    latest[taskId] = (changes.Count, status);
                    changes.Add(change);
                }
                size += change.EstimateSize();
            }
        }
        return changes;
    }

    private sealed record PreparedCommand(WaitingCommand Command, List<StateChange> Changes, string ResultId);
}
