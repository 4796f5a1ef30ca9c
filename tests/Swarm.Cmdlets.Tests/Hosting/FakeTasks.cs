using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>Tasks and placement, as <see cref="FakeControl"/> has it in memory.</summary>
internal sealed class FakeTasks(FakeControl control) : V1.Tasks.TasksBase
{
    public override async AsyncTask ListTasks(
        V1.ListTasksRequest request,
        IServerStreamWriter<V1.Task> responseStream,
        ServerCallContext context
    )
    {
        control.Note(request);
        var services = request.Services.Select(s => control.Service(s).Id).ToHashSet();
        var nodes = request.Nodes.Select(n => control.Node(n).Id).ToHashSet();
        var found = Select(services, request.HasTaskOrService ? request.TaskOrService : null);
        if (
            request.HasTaskOrService
            && found.Count == 0
            && !control.Tasks.Exists(t => t.Id == request.TaskOrService || t.Name == request.TaskOrService)
        )
        {
            var service =
                control.Services.Find(s => s.Id == request.TaskOrService || s.Spec.Name == request.TaskOrService)
                ?? throw FakeControl.Refuse(
                    StatusCode.NotFound,
                    "TaskNotFound",
                    $"There is no task '{request.TaskOrService}', and no service of that name.",
                    request.TaskOrService,
                    "Get-SwarmTask lists them."
                );
            found = Select([service.Id], null);
        }
        if (request.Selectors.Count > 0 && found.Count == 0)
        {
            throw FakeControl.Refuse(
                StatusCode.NotFound,
                "TaskNotFound",
                $"Task '{request.Selectors[0]}' does not exist.",
                request.Selectors[0]
            );
        }
        await FakeControl.SendAsync(found, responseStream);
        if (control.TaskListsNeverEnd)
        {
            await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
        }

        List<V1.Task> Select(HashSet<string> services, string? name) =>
            [
                .. control
                    .Tasks.Where(t =>
                        (services.Count == 0 || services.Contains(t.ServiceId))
                        && (nodes.Count == 0 || nodes.Contains(t.NodeId))
                        && (!request.DesiredRunning || t.DesiredState <= V1.TaskState.Running)
                        && (request.States.Count == 0 || request.States.Contains(t.Status.State))
                        && (name is null || t.Id == name || t.Name == name)
                        && (request.Selectors.Count == 0 || request.Selectors.Contains(t.Id) || request.Selectors.Contains(t.Name))
                    )
                    // The manager's order: TaskListing.
                    .OrderBy(t => t.ServiceName, StringComparer.Ordinal)
                    .ThenBy(t => t.Slot)
                    .ThenBy(t => t.Slot > 0 ? "" : t.NodeName, StringComparer.Ordinal)
                    .ThenByDescending(t => t.CreatedAt.ToDateTime()),
            ];
    }

    public override Task<V1.StopTaskResponse> StopTask(V1.StopTaskRequest request, ServerCallContext context)
    {
        control.Note(request);
        var task =
            control.Tasks.FirstOrDefault(t => t.Id == request.Selector || t.Name == request.Selector)
            ?? throw FakeControl.Refuse(
                StatusCode.NotFound,
                "TaskNotFound",
                $"Task '{request.Selector}' does not exist.",
                request.Selector
            );
        return AsyncTask.FromResult(new V1.StopTaskResponse { Task = task, Preview = request.DryRun ? FakeControl.Preview("stop") : null });
    }

    public override AsyncTask TestPlacement(
        V1.TestPlacementRequest request,
        IServerStreamWriter<V1.NodePlacement> responseStream,
        ServerCallContext context
    )
    {
        control.Note(request);
        return FakeControl.SendAsync(
            control.Nodes.Select(n => new V1.NodePlacement
            {
                NodeId = n.Id,
                NodeName = n.Name,
                Suitable = n.Name != "worker2",
                Filter = n.Name == "worker2" ? "constraints" : "",
            }),
            responseStream
        );
    }

    public override async AsyncTask WaitTask(
        V1.WaitTaskRequest request,
        IServerStreamWriter<V1.StopProgress> responseStream,
        ServerCallContext context
    )
    {
        control.Note(request);
        await responseStream.WriteAsync(
            new V1.StopProgress
            {
                Message = control.WaitReason.Length > 0 ? "its replacement is Pending: " + control.WaitReason : "the task is stopping",
                Reason = control.WaitReason,
            }
        );
        if (request.TaskId == control.BreaksWaitOf)
        {
            context.GetHttpContext().Abort();
        }
        await control.WaitIfToldAsync(context);
        control.DuringTaskWait?.Invoke(control.Tasks.Single(t => t.Id == request.TaskId));
        await responseStream.WriteAsync(
            control.ReplacementFails
                ? new V1.StopProgress
                {
                    Ended = true,
                    Stuck = true,
                    Message = "its replacement has ended (Failed) and is not restarted",
                }
                : new V1.StopProgress { Ended = true, Done = true }
        );
    }
}
