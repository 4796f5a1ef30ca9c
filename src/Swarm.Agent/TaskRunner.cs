using System.Diagnostics.CodeAnalysis;
using Swarm.Agent.Executors;
using Swarm.Agent.Forwarding;
using Swarm.Agent.Journal;
using Swarm.Core.Errors;
using Swarm.Core.Model;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>Takes a task from Accepted to its end, one step at a time, as far as its desired state allows. States, messages and errors are
/// SwarmKit's (agent/exec/controller.go).</summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "Cancellation sources without timers hold nothing; a runner has no moment after which nobody may call it."
)]
internal sealed class TaskRunner
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    /// <summary>The time that a program has to listen before the task's message tells that it does not.</summary>
    private static readonly TimeSpan ListensWithin = TimeSpan.FromSeconds(5);

    private readonly RunnerContext _context;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _detached = new();
    private V1.TaskAssignment _assignment;
    private TaskDefinition? _definition;
    private TaskStatus _status;
    private CancellationTokenSource _step = new();
    private TaskCompletionSource _desiredChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _run = Task.CompletedTask;

    /// <param name="remembered">The assignment comes from the agent's own files, which hold no credentials. A task that may still have to
    /// pull waits for the manager's assignment before it is prepared.</param>
    public TaskRunner(RunnerContext context, V1.TaskAssignment assignment, TaskStatus status, bool remembered = false)
    {
        _context = context;
        _assignment = assignment;
        _status = status;
        if (!remembered)
        {
            _told.SetResult();
        }
    }

    public string TaskId => _assignment.TaskId;

    public TaskStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _status;
            }
        }
    }

    private TaskState Desired
    {
        get
        {
            lock (_gate)
            {
                return ProtocolMapping.FromWire(_assignment.DesiredState);
            }
        }
    }

    /// <summary>True for a task that was ordered to end: a manager knows how far it came.</summary>
    public bool IsHistory => Desired > TaskState.Running && SwarmTask.IsTerminal(Status.State);

    public void Start() => _run = _context.Threads.Run(RunAsync);

    /// <summary>Applies the manager's latest assignment.</summary>
    public void Update(V1.TaskAssignment assignment)
    {
        TakeOver(assignment);
        _told.TrySetResult();
    }

    private void TakeOver(V1.TaskAssignment assignment)
    {
        CancellationTokenSource? step = null;
        TaskCompletionSource changed;
        lock (_gate)
        {
            // A desired state only ever moves forward.
            if (assignment.DesiredState < _assignment.DesiredState)
            {
                return;
            }
            var same = assignment.DesiredState == _assignment.DesiredState;
            (_assignment, _definition) = (assignment, null);
            if (same)
            {
                return;
            }
            _context.Store.Save(_assignment, _status);
            if (ProtocolMapping.FromWire(assignment.DesiredState) > TaskState.Running)
            {
                step = _step;
            }
            changed = _desiredChanged;
            _desiredChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        changed.TrySetResult();
        try
        {
            step?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // That step has just ended by itself; the next one sees the new desired state.
        }
    }

    /// <summary>Ends the runner; the task runs on.</summary>
    public async Task DetachAsync()
    {
        await _detached.CancelAsync();
        await _run;
    }

    /// <summary>Stops the task, removes it from the executor, and from the journal. May be called again when it failed.</summary>
    public async Task RemoveAsync(CancellationToken cancellation)
    {
        await DetachAsync();
        if (!SwarmTask.IsTerminal(Status.State))
        {
            try
            {
                await _context.Executor.StopAsync(Definition(), cancellation);
            }
            catch (TaskRejectedException)
            {
                // The spec cannot be read, so the task was never prepared.
            }
        }
        await _context.Executor.RemoveAsync(TaskId, cancellation);
        await _context.Forwarding.DetachAsync(TaskId, cancellation);
        _context.Store.Delete(TaskId);
        _context.Outbox.Forget(TaskId);
    }

    private async Task RunAsync()
    {
        var retry = FirstRetry;
        await KeepPlaceAsync();
        while (!SwarmTask.IsTerminal(Status.State) && !_detached.IsCancellationRequested)
        {
            CancellationToken step;
            CancellationTokenSource source;
            lock (_gate)
            {
                source = _step = CancellationTokenSource.CreateLinkedTokenSource(_detached.Token);
                step = source.Token;
            }
            try
            {
                if (Desired > TaskState.Running)
                {
                    await ShutDownAsync(_detached.Token);
                }
                else
                {
                    await StepAsync(step);
                }
                retry = FirstRetry;
            }
            catch (OperationCanceledException) when (step.IsCancellationRequested)
            {
                // Detached, or the desired state has changed: the loop handles it.
            }
            catch (ExecutorUnavailableException e)
            {
                _context.Logger.ExecutorAway(e.Message);
                try
                {
                    retry = await PauseAsync(retry, _detached.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
            catch (TaskRejectedException e)
            {
                Report(Status with { State = TaskState.Rejected, Error = e.Message });
            }
            catch (TaskFailedException e)
            {
                await FailAsync(e.Message, e.ExitCode);
            }
#pragma warning disable CA1031 // A failure of one task must not end the agent or the other tasks; it is the task's failure.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _context.Logger.TaskError(TaskId, e);
                await FailAsync(e.Message, null);
            }
            finally
            {
                lock (_gate)
                {
                    _step = new CancellationTokenSource();
                }
                source.Dispose();
            }
        }
    }

    private async Task StepAsync(CancellationToken cancellation)
    {
        var executor = _context.Executor;
        switch (Status.State)
        {
            case < TaskState.Accepted:
                Report(Status with { State = TaskState.Accepted, Message = "accepted" });
                break;
            case TaskState.Accepted:
                Report(Status with { State = TaskState.Preparing, Message = "preparing" });
                break;
            case TaskState.Preparing:
                await _told.Task.WaitAsync(cancellation);
                var endpoint = await _context.Forwarding.AttachAsync(Definition(), Status.Endpoint, cancellation);
                var definition = endpoint is null ? Definition() : Definition() with { Endpoint = endpoint };
                var containerId = await executor.PrepareAsync(definition, cancellation);
                Report(Status with { State = TaskState.Ready, Message = "prepared", ContainerId = containerId, Endpoint = endpoint });
                break;
            case TaskState.Ready:
                Task changed;
                lock (_gate)
                {
                    changed = _desiredChanged.Task;
                }
                if (Desired < TaskState.Running)
                {
                    await changed.WaitAsync(cancellation);
                }
                else
                {
                    Report(Status with { State = TaskState.Starting, Message = "starting" });
                }
                break;
            case TaskState.Starting:
                await executor.StartAsync(Definition(), cancellation);
                await executor.WaitHealthyAsync(
                    Definition(),
                    reason => Report(Status with { Message = "starting: " + reason }),
                    cancellation
                );
                var pid = await executor.GetPidAsync(Definition(), cancellation);
                Report(Status with { State = TaskState.Running, Message = "started", Pid = pid });
                break;
            case TaskState.Running:
                var exit = executor.WaitExitAsync(Definition(), cancellation);
                await TellWhereItDoesNotListenAsync(exit, cancellation);
                await FinishAsync(await exit, cancellation);
                break;
        }
    }

    /// <summary>A task that is found again after a restart has its place still.</summary>
    private async Task KeepPlaceAsync()
    {
        if (Status is not { Endpoint: { } known } status || SwarmTask.IsTerminal(status.State))
        {
            return;
        }
        try
        {
            await _context.Forwarding.AttachAsync(Definition(), known, _detached.Token);
        }
        catch (TaskRejectedException)
        {
            // The spec cannot be read: the task ends with its next step.
        }
    }

    /// <summary>A program that does not listen where the nodes look for it takes no connections, and nobody would know why.</summary>
    private async Task TellWhereItDoesNotListenAsync(Task exit, CancellationToken cancellation)
    {
        // Of a container the engine listens, whatever its program does.
        if (Status.Endpoint is not { } endpoint || exit.IsCompleted || _context.Executor.Name != ExecutorNames.Process)
        {
            return;
        }
        await Task.WhenAny(exit, Task.Delay(ListensWithin, _context.Time, cancellation));
        var message = "started";
        if (!exit.IsCompleted && TaskForwarding.NotListening(Definition(), endpoint) is { } missing)
        {
            message = $"started: {missing}";
        }
        if (!exit.IsCompleted && !cancellation.IsCancellationRequested && Status.Message != message)
        {
            Report(Status with { Message = message });
        }
    }

    private async Task FinishAsync(ExecutorExit exit, CancellationToken cancellation)
    {
        await _context.Forwarding.WithdrawAsync(Status, TaskId, cancellation);
        if (exit.Error == ExitMessages.Unhealthy)
        {
            await _context.Executor.StopAsync(Definition(), cancellation);
            var ended = await _context.Executor.WaitExitAsync(Definition(), cancellation);
            exit = new ExecutorExit(ended.ExitCode, ExitMessages.With(ended.ExitCode, ExitMessages.Unhealthy));
        }
        Report(
            exit.Error.Length == 0
                ? Status with
                {
                    State = TaskState.Complete,
                    Message = "finished",
                    ExitCode = exit.ExitCode,
                    Pid = 0,
                }
                : Status with
                {
                    State = TaskState.Failed,
                    Error = exit.Error,
                    ExitCode = exit.ExitCode,
                    Pid = 0,
                }
        );
    }

    private async Task ShutDownAsync(CancellationToken cancellation)
    {
        var status = Status;
        await DrainAsync(status, cancellation);
        await _context.Executor.StopAsync(Definition(), cancellation);
        int? code = null;
        if (status.State >= TaskState.Running)
        {
            code = (await _context.Executor.WaitExitAsync(Definition(), cancellation)).ExitCode;
        }
        Report(status with { State = TaskState.Shutdown, Message = "shutdown", ExitCode = code, Pid = 0 });
    }

    /// <summary>Connections in use end by themselves while the task runs on. A task that ends meanwhile is not waited for.</summary>
    private async Task DrainAsync(TaskStatus status, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var drain = _context.Forwarding.DrainAsync(Definition(), status, ended.Token);
        if (!drain.IsCompleted)
        {
            await Task.WhenAny(drain, _context.Executor.WaitExitAsync(Definition(), ended.Token));
            await ended.CancelAsync();
        }
        await drain.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Before the start, a failure is a rejection: another node may succeed. From then on it is a failure.</summary>
    private async Task FailAsync(string error, int? exitCode)
    {
        if (Status.State >= TaskState.Starting)
        {
            try
            {
                await _context.Executor.StopAsync(Definition(), _detached.Token);
            }
#pragma warning disable CA1031 // The task has failed whether it can be stopped or not; the manager's order to remove it ends the rest.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _context.Logger.NotStopped(TaskId, e.Message);
            }
        }
        Report(
            Status with
            {
                State = Status.State < TaskState.Starting ? TaskState.Rejected : TaskState.Failed,
                Error = error,
                ExitCode = exitCode,
                Pid = 0,
            }
        );
    }

    /// <summary>The task as the executor sees it. Built once for an assignment.</summary>
    /// <exception cref="TaskRejectedException">The spec cannot be read, or a template in it.</exception>
    private TaskDefinition Definition()
    {
        V1.TaskAssignment assignment;
        lock (_gate)
        {
            if (_definition is { } built)
            {
                return built;
            }
            assignment = _assignment;
        }
        var definition = Build(assignment);
        lock (_gate)
        {
            // Not kept for an assignment that has come meanwhile.
            if (ReferenceEquals(assignment, _assignment))
            {
                _definition = definition;
            }
        }
        return definition;
    }

    private TaskDefinition Build(V1.TaskAssignment assignment)
    {
        try
        {
            var task = new TaskDefinition
            {
                TaskId = assignment.TaskId,
                ServiceId = assignment.ServiceId,
                ServiceName = assignment.ServiceName,
                Slot = (uint)assignment.Slot,
                Revision = assignment.Revision,
                ContainerName = assignment.ContainerName,
                Spec = ProtocolMapping.FromWire(assignment.Spec),
                RegistryCredential = ProtocolMapping.FromWire(assignment.RegistryCredential),
            };
            return TemplateExpansion.Expand(task, _context.NodeId, _context.Node());
        }
        catch (SwarmException e)
        {
            throw new TaskRejectedException("InvalidOption", e.Message, e);
        }
    }

    /// <summary>Saves the status, then reports it. Its texts are cut first: neither the journal nor a manager gets what an executor says in
    /// full.</summary>
    private void Report(TaskStatus status)
    {
        status = BoundedStatus.Of(status with { Timestamp = _context.Time.GetUtcNow() });
        lock (_gate)
        {
            _status = status;
            _context.Store.Save(_assignment, status);
        }
        _context.Logger.TaskState(TaskId, status.State, status.Message, status.Error);
        _context.Outbox.Add(TaskId, status);
    }

    private async Task<TimeSpan> PauseAsync(TimeSpan pause, CancellationToken cancellation)
    {
        await Task.Delay(pause, _context.Time, cancellation);
        return pause * 2 < LongestRetry ? pause * 2 : LongestRetry;
    }
}

/// <summary>The shared services of an agent's runners.</summary>
internal sealed record RunnerContext(
    ITaskExecutor Executor,
    TaskStore Store,
    StatusOutbox Outbox,
    TaskThreads Threads,
    string NodeId,
    Func<NodeDescription> Node,
    TaskForwarding Forwarding,
    TimeProvider Time,
    ILogger Logger
);
