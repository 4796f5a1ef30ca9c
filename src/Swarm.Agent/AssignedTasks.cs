using System.Diagnostics.CodeAnalysis;
using Swarm.Agent.Executors;
using Swarm.Agent.Journal;
using Swarm.Core.Model;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>The tasks of this node: applies assignment sets, and adopts the tasks that run when swarmd starts.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A cancellation source without a timer holds nothing.")]
internal sealed class AssignedTasks(RunnerContext context)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskRunner> _runners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ExecutorTask> _strays = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _removals = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopped = new();

    /// <summary>The tasks of a complete set of which more parts are to come; null: there is none.</summary>
    private HashSet<string>? _wanted;

    /// <summary>Resumes the tasks of the agent's journal, and records the tasks that only the executor knows.</summary>
    /// <exception cref="ExecutorUnavailableException">The engine does not answer.</exception>
    public async Task AdoptAsync(CancellationToken cancellation)
    {
        var found = await context.Executor.ListAsync(cancellation);
        lock (_gate)
        {
            foreach (var (assignment, status) in context.Store.Load(context.Time.GetUtcNow()))
            {
                Add(new TaskRunner(context, assignment, status, remembered: true));
            }
            foreach (var task in found.Where(t => !_runners.ContainsKey(t.TaskId)))
            {
                // A manager's complete set will show whether the task is wanted.
                _strays[task.TaskId] = task with
                {
                    Status = BoundedStatus.Of(task.Status),
                };
            }
        }
    }

    /// <summary>Tasks that are being removed.</summary>
    public int Removing
    {
        get
        {
            lock (_gate)
            {
                return _removals.Count;
            }
        }
    }

    /// <summary>Every task with its state, for the registration: first what a manager may not know yet, then the history, newest
    /// first.</summary>
    public IReadOnlyList<(string TaskId, TaskStatus Status)> Report()
    {
        lock (_gate)
        {
            return
            [
                .. _strays.Values.Select(static s => (s.TaskId, s.Status)),
                .. _runners
                    .Values.Select(static r => (Known: r.IsHistory, r.TaskId, r.Status))
                    .OrderBy(static r => r.Known)
                    .ThenByDescending(static r => r.Status.Timestamp)
                    .Select(static r => (r.TaskId, r.Status)),
            ];
        }
    }

    /// <param name="set">Its specs are filled in.</param>
    public void Apply(V1.AssignmentSet set)
    {
        lock (_gate)
        {
            if (set.Kind == V1.AssignmentSet.Types.Kind.Complete)
            {
                _wanted = new HashSet<string>(StringComparer.Ordinal);
            }
            if (_wanted is { } wanted)
            {
                wanted.UnionWith(set.Update.Select(static u => u.TaskId));
                if (!set.More)
                {
                    _wanted = null;
                    foreach (var taskId in _runners.Keys.Concat(_strays.Keys).Where(id => !wanted.Contains(id)).ToList())
                    {
                        Remove(taskId);
                    }
                }
            }
            foreach (var taskId in set.Remove)
            {
                Remove(taskId);
            }
            foreach (var assignment in set.Update)
            {
                if (Problem(assignment) is { } problem)
                {
                    // An assignment that cannot be read must not keep the others from running.
                    context.Logger.AssignmentIgnored(problem);
                }
                else if (_runners.TryGetValue(assignment.TaskId, out var runner))
                {
                    runner.Update(assignment);
                }
                else if (!_removals.ContainsKey(assignment.TaskId))
                {
                    Take(assignment);
                }
            }
        }
    }

    /// <summary>Stops and removes every task.</summary>
    public async Task RemoveAllAsync()
    {
        List<Task> removals;
        lock (_gate)
        {
            foreach (var taskId in _runners.Keys.Concat(_strays.Keys).ToList())
            {
                Remove(taskId);
            }
            removals = [.. _removals.Values];
        }
        await Task.WhenAll(removals);
    }

    /// <summary>Ends the runners; the tasks run on.</summary>
    public async Task DetachAsync()
    {
        List<Task> ends;
        await _stopped.CancelAsync();
        lock (_gate)
        {
            ends = [.. _runners.Values.Select(r => r.DetachAsync()), .. _removals.Values];
            _runners.Clear();
        }
        await Task.WhenAll(ends);
    }

    /// <summary>Why an assignment cannot be followed; null when it can. The spec itself is checked when the task is prepared: a bad one is
    /// a rejection.</summary>
    private static string? Problem(V1.TaskAssignment assignment) =>
        !TaskStore.IsTaskId(assignment.TaskId) ? $"'{BoundedText.Cut(assignment.TaskId, 100)}' is not a task id"
        : !IsKnown(assignment.DesiredState) ? $"task {assignment.TaskId} has the desired state {(int)assignment.DesiredState}"
        : !IsKnown(assignment.State) ? $"task {assignment.TaskId} has the state {(int)assignment.State}"
        : assignment.Spec is null ? SessionRevisions.Missing(assignment)
        : null;

    private static bool IsKnown(V1.TaskState state) => state is > V1.TaskState.Unspecified and <= V1.TaskState.Orphaned;

    /// <summary>Adds an assignment that this agent does not know yet.</summary>
    private void Take(V1.TaskAssignment assignment)
    {
        var now = context.Time.GetUtcNow();
        var known = ProtocolMapping.FromWire(assignment.State);
        if (_strays.Remove(assignment.TaskId, out var stray))
        {
            var status = stray.Status.State == TaskState.Ready ? stray.Status with { State = TaskState.Preparing } : stray.Status;
            context.Outbox.Add(assignment.TaskId, status);
            Add(new TaskRunner(context, assignment, status));
            return;
        }
        if (SwarmTask.IsTerminal(known))
        {
            // The task is history: it has ended and this node has nothing of it.
            return;
        }
        // States only move forward. A task that the manager saw start and that is not here has failed; an earlier one is prepared again.
        var first = new TaskStatus { State = known < TaskState.Ready ? known : TaskState.Preparing, Timestamp = now };
        if (known >= TaskState.Starting)
        {
            first = first with { State = TaskState.Failed, Message = "started", Error = "task: not found on its node" };
            context.Store.Save(assignment, first);
            context.Outbox.Add(assignment.TaskId, first);
        }
        Add(new TaskRunner(context, assignment, first));
    }

    private void Add(TaskRunner runner)
    {
        _runners[runner.TaskId] = runner;
        runner.Start();
    }

    private void Remove(string taskId)
    {
        context.Logger.RemovingTask(taskId);
        if (_runners.Remove(taskId, out var runner))
        {
            _removals[taskId] = context.Threads.Run(() => RemoveAsync(taskId, runner.RemoveAsync));
        }
        else if (_strays.Remove(taskId))
        {
            _removals[taskId] = context.Threads.Run(() =>
                RemoveAsync(taskId, cancellation => context.Executor.RemoveAsync(taskId, cancellation))
            );
        }
    }

    /// <summary>Repeats until the task is removed: a manager orders it once, and an engine may be away or fail for a while.</summary>
    private async Task RemoveAsync(string taskId, Func<CancellationToken, Task> remove)
    {
        // When swarmd stops, the next start gets the order again.
        for (var pause = FirstRetry; !_stopped.IsCancellationRequested; pause = pause * 2 < LongestRetry ? pause * 2 : LongestRetry)
        {
            try
            {
                await remove(_stopped.Token);
                break;
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                break;
            }
#pragma warning disable CA1031 // A task that cannot be removed must not keep the others.
            catch (Exception e)
#pragma warning restore CA1031
            {
                context.Logger.NotRemoved(taskId, e.Message);
                await Task.Delay(pause, context.Time, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        lock (_gate)
        {
            _removals.Remove(taskId);
        }
    }
}
