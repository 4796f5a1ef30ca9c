using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Grpc.Core;
using Swarm.Cmdlets.Errors;

namespace Swarm.Cmdlets;

/// <content>The waits for nodes and tasks, and what all waits have in common. Ctrl+C ends a wait, never the change. A wait that lasts says
/// why, see <see cref="WaitReasons"/>.</content>
public abstract partial class SwarmCmdlet
{
    // Blocks of ids, separate from the services' block.
    private const int NodeProgressId = 2000;
    private const int TaskProgressId = 100_000;

    private static readonly TimeSpan LookForReasons = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(49);

    private protected enum NodeGoal
    {
        Ready,
        Drained,
        Removed,
    }

    /// <summary>Follows nodes at the same time until each is ready, runs no task any more (drained), or is gone and its tasks run elsewhere
    /// (removed).
    /// A timeout is an error for each node that is not; the change itself stays.</summary>
    /// <param name="nodes">Ids, with the name to show for each.</param>
    private protected async ValueTask WaitForNodesAsync(
        IReadOnlyDictionary<string, string> nodes,
        NodeGoal goal,
        TimeSpan? timeout,
        CancellationToken cancellationToken
    )
    {
        var last = new Dictionary<string, V1.NodeProgress>(StringComparer.Ordinal);
        var late = await FollowAllAsync(
            [.. nodes.Keys],
            NodeProgressId,
            id => nodes[id],
            id =>
                goal switch
                {
                    NodeGoal.Drained => $"Draining {nodes[id]}",
                    NodeGoal.Removed => $"Removing {nodes[id]}",
                    _ => $"Waiting for {nodes[id]}",
                },
            (id, token) =>
                Client.Nodes.WaitNode(
                    new V1.WaitNodeRequest
                    {
                        Selector = id,
                        UntilDrained = goal == NodeGoal.Drained,
                        UntilRemoved = goal == NodeGoal.Removed,
                    },
                    cancellationToken: token
                ),
            (id, step) =>
                (
                    goal switch
                    {
                        NodeGoal.Drained => $"Node '{nodes[id]}' is not empty yet",
                        NodeGoal.Removed => $"The tasks of node '{nodes[id]}' do not all run elsewhere yet",
                        _ => $"Node '{nodes[id]}' is not ready yet",
                    },
                    step.Reason
                ),
            (id, step) =>
            {
                last[id] = step;
                return step.Message.Length > 0
                    ? step.Message
                    : $"{step.TasksLeft} tasks left, {step.ReplacementsPending} replacements pending";
            },
            timeout,
            cancellationToken
        );
        foreach (var id in late)
        {
            var step = last.GetValueOrDefault(id);
            var reason = step?.Reason is { Length: > 0 } known ? ": " + known.TrimEnd('.') : "";
            var left = $"{step?.TasksLeft ?? 0} tasks left, {step?.ReplacementsPending ?? 0} replacements pending{reason}";
            var within = Display.Duration(timeout!.Value);
            Report(
                goal switch
                {
                    NodeGoal.Drained => Late(
                        $"Node '{nodes[id]}' is not empty after {within}: {left}.",
                        $"Get-SwarmTask -Node {nodes[id]}"
                    ),
                    NodeGoal.Removed => Late(
                        $"The tasks of node '{nodes[id]}' do not all run elsewhere after {within}: {left}.",
                        "Get-SwarmTask -Running"
                    ),
                    _ => Late($"Node '{nodes[id]}' is not ready after {within}{reason}.", $"Get-SwarmTask -Node {nodes[id]}"),
                }
            );

            SwarmException Late(string message, string look) =>
                new("WaitTimeout", $"{message} The change stays in effect.", nodes[id], $"Look at {look}.");
        }
    }

    /// <summary>Follows stopped tasks at the same time until each has ended and the next task of its slot, if there is one, runs. A
    /// timeout, or a
    /// replacement that has ended for good, is an error for each; the change itself stays.</summary>
    /// <param name="tasks">The tasks as StopTask returned them; the manager may have deleted them by now.</param>
    private protected async ValueTask WaitForStoppedTasksAsync(
        IReadOnlyList<V1.Task> tasks,
        TimeSpan? timeout,
        CancellationToken cancellationToken
    )
    {
        var byId = tasks.DistinctBy(t => t.Id).ToDictionary(t => t.Id, StringComparer.Ordinal);
        var last = new Dictionary<string, V1.StopProgress>(StringComparer.Ordinal);
        var late = await FollowAllAsync(
            [.. byId.Keys],
            TaskProgressId,
            id => byId[id].Name,
            id => $"Stopping {byId[id].Name}",
            (id, token) =>
                Client.Tasks.WaitTask(
                    new V1.WaitTaskRequest
                    {
                        TaskId = id,
                        ServiceId = byId[id].ServiceId,
                        Slot = byId[id].Slot,
                        NodeId = byId[id].NodeId,
                    },
                    cancellationToken: token
                ),
            (id, step) => ($"The replacement of task '{byId[id].Name}' does not run yet", step.Reason),
            (id, step) =>
            {
                last[id] = step;
                return step.Message.Length > 0 ? step.Message : "Waiting";
            },
            timeout,
            cancellationToken
        );
        foreach (var id in late)
        {
            var so = last.TryGetValue(id, out var step) ? ": " + step.Message.TrimEnd('.') : "";
            Report(
                new SwarmException(
                    "WaitTimeout",
                    $"Task '{byId[id].Name}' has not ended and been replaced within {Display.Duration(timeout!.Value)}{so}. The change stays in effect.",
                    byId[id].Name,
                    $"Look at Get-SwarmTask {byId[id].Name}."
                )
            );
        }
        foreach (var (id, step) in last.Where(s => s.Value.Stuck))
        {
            Report(
                new SwarmException(
                    "ReplacementFailed",
                    $"Task '{byId[id].Name}' has ended, but {step.Message}.",
                    byId[id].Name,
                    $"Correct the service with Set-SwarmService {byId[id].ServiceName}, or start its tasks anew with Restart-SwarmService {byId[id].ServiceName}."
                )
            );
        }
    }

    /// <summary>Reads a stream of progress for each id, at the same time, with a progress bar each.</summary>
    /// <param name="name">The object of an error.</param>
    /// <param name="why">The missing part, as a sentence, and the reason; empty: none is known.</param>
    /// <param name="show">Takes a step and describes it in a line.</param>
    /// <returns>The ids that were not done when the time was up.</returns>
    private async ValueTask<List<string>> FollowAllAsync<T>(
        string[] ids,
        int firstProgressId,
        Func<string, string> name,
        Func<string, string> activity,
        Func<string, CancellationToken, AsyncServerStreamingCall<T>> follow,
        Func<string, T, (string Missing, string Reason)> why,
        Func<string, T, string> show,
        TimeSpan? timeout,
        CancellationToken cancellationToken
    )
    {
        using var limit = Limit(timeout, cancellationToken);
        var late = new HashSet<string>(StringComparer.Ordinal);
        List<(string Id, Exception Refusal)> refused = [];
        ExceptionDispatchInfo? end = null;
        await TellAsync(
            async (reasons, cancellation) =>
            {
                // An error that ends the pipeline (no daemon any more, Ctrl+C) ends all of them. Nothing else throws before the last has
                // ended: no work may go on after the cmdlet.
                using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                await AsyncTask.WhenAll(ids.Select((id, index) => FollowAsync(id, index, reasons, all)));
            },
            limit.Token
        );
        end?.Throw();
        for (var i = 0; i < ids.Length; i++)
        {
            WriteProgress(new ProgressRecord(firstProgressId + i, activity(ids[i]), "Done") { RecordType = ProgressRecordType.Completed });
        }
        foreach (var (id, refusal) in refused)
        {
            Report(refusal, name(id));
        }
        return [.. ids.Where(late.Contains)];

        async AsyncTask FollowAsync(string id, int index, WaitReasons reasons, CancellationTokenSource all)
        {
            try
            {
                using var call = follow(id, all.Token);
                await foreach (var step in call.ResponseStream.ReadAllAsync(all.Token))
                {
                    WriteProgress(new ProgressRecord(firstProgressId + index, activity(id), show(id, step)));
                    var (missing, reason) = why(id, step);
                    reasons.Note(id, missing, reason);
                }
                reasons.Note(id, "", "");
            }
            catch (Exception) when (end is not null)
            {
                // It was cancelled because another one failed.
            }
            catch (Exception e) when (IsCancelled(e) && limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                late.Add(id);
            }
            catch (Exception e) when (IsOfOneObject(e) && !ErrorMapper.EndsPipeline(ErrorMapper.ToRecord(e)))
            {
                refused.Add((id, e));
            }
            catch (Exception e)
            {
                end = ExceptionDispatchInfo.Capture(e);
                await all.CancelAsync();
            }
        }
    }

    /// <summary>Runs a wait, and meanwhile warns of the reasons for which it lasts.</summary>
    /// <param name="wait">The wait. A warning that ends the pipeline (-WarningAction Stop) cancels it.</param>
    private async ValueTask TellAsync(Func<WaitReasons, CancellationToken, AsyncTask> wait, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var reasons = new WaitReasons(() => Stopwatch.GetElapsedTime(start));
        ExceptionDispatchInfo? stop = null;
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var ended = new CancellationTokenSource();
        var warnings = WarnAsync();
        try
        {
            await wait(reasons, both.Token);
        }
        catch (Exception) when (stop is not null)
        {
            // It was cancelled because a warning ended the pipeline.
        }
        finally
        {
            await ended.CancelAsync();
            await warnings;
        }
        stop?.Throw();

        async AsyncTask WarnAsync()
        {
            using var timer = new PeriodicTimer(LookForReasons);
            try
            {
                while (await timer.WaitForNextTickAsync(ended.Token))
                {
                    reasons.TakeDue().ForEach(WriteWarning);
                }
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                // The wait has ended.
            }
            catch (Exception e)
            {
                stop = ExceptionDispatchInfo.Capture(e);
                await both.CancelAsync();
            }
        }
    }

    /// <summary>Is cancelled at the timeout as well.</summary>
    private protected static CancellationTokenSource Limit(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // A timer takes no more than 49 days; nobody waits so long.
        if (timeout is { } span && span < LongestTimeout)
        {
            source.CancelAfter(span);
        }
        return source;
    }
}
