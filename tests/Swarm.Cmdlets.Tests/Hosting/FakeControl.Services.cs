using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <content>Services, tasks, placement and what is waited for.</content>
internal sealed partial class FakeControl
{
    public override Task<V1.CreateServiceResponse> CreateService(V1.CreateServiceRequest request, ServerCallContext context)
    {
        Note(request);
        if (Services.Any(s => s.Spec.Name == request.Spec.Name))
        {
            throw Refuse(
                StatusCode.AlreadyExists,
                "NameConflict",
                $"A service '{request.Spec.Name}' exists.",
                request.Spec.Name,
                "Choose another name."
            );
        }
        if (request.DryRun)
        {
            return AsyncTask.FromResult(new V1.CreateServiceResponse { Preview = Preview("create") });
        }
        var service = new V1.Service
        {
            Id = $"service{Services.Count}",
            Version = ++_version,
            Revision = 1,
            Spec = request.Spec,
        };
        Services.Add(service);
        Place(service);
        return AsyncTask.FromResult(new V1.CreateServiceResponse { Service = service, Warnings = { "image could not be resolved" } });
    }

    public override AsyncTask ListServices(
        V1.ListServicesRequest request,
        IServerStreamWriter<V1.Service> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        return SendAsync(request.Selectors.Count == 0 ? Services : request.Selectors.Select(Service), responseStream);
    }

    public override Task<V1.UpdateServiceResponse> UpdateService(V1.UpdateServiceRequest request, ServerCallContext context)
    {
        Note(request);
        var service = Service(request.Selector);
        if (request.DryRun)
        {
            return AsyncTask.FromResult(new V1.UpdateServiceResponse { Service = service, Preview = Preview("stop") });
        }
        if (BeforeUpdate is { } other)
        {
            BeforeUpdate = null;
            other(service);
            service.Version = ++_version;
        }
        if (request.Version != 0 && request.Version != service.Version)
        {
            throw Refuse(StatusCode.Aborted, "VersionConflict", "The service has changed.", service.Spec.Name);
        }
        service.PreviousSpec = service.Spec;
        service.Spec = request.Spec;
        service.Version = ++_version;
        service.Revision++;
        Place(service);
        return AsyncTask.FromResult(new V1.UpdateServiceResponse { Service = service });
    }

    public override Task<V1.ScaleServicesResponse> ScaleServices(V1.ScaleServicesRequest request, ServerCallContext context)
    {
        Note(request);
        var services = request.Services.Select(s => (Service(s.Selector), s.Replicas)).ToList();
        if (services.Any(s => s.Replicas < 0))
        {
            throw Refuse(StatusCode.InvalidArgument, "InvalidReplicas", "A service cannot have a negative number of replicas.", "web");
        }
        var response = new V1.ScaleServicesResponse { Preview = request.DryRun ? Preview("create") : null };
        foreach (var (service, replicas) in services.Where(_ => !request.DryRun))
        {
            service.Spec.Replicated.Replicas = (ulong)replicas;
            Place(service);
            response.Services.Add(service);
        }
        if (BreaksAfterScale)
        {
            BreaksAfterScale = false;
            context.GetHttpContext().Abort();
        }
        return AsyncTask.FromResult(response);
    }

    public override Task<V1.UpdateServiceResponse> RollbackService(V1.RollbackServiceRequest request, ServerCallContext context)
    {
        Note(request);
        var service = Service(request.Selector);
        if (!request.DryRun)
        {
            (service.Spec, service.PreviousSpec) = (service.PreviousSpec, service.Spec);
        }
        return AsyncTask.FromResult(new V1.UpdateServiceResponse { Service = service, Preview = request.DryRun ? Preview("stop") : null });
    }

    public override Task<V1.RemoveServiceResponse> RemoveService(V1.RemoveServiceRequest request, ServerCallContext context)
    {
        Note(request);
        var service = Service(request.Selector);
        if (!request.DryRun)
        {
            Services.Remove(service);
        }
        return AsyncTask.FromResult(
            new V1.RemoveServiceResponse { ServiceId = service.Id, Preview = request.DryRun ? Preview("remove") : null }
        );
    }

    public override AsyncTask ListServiceRevisions(
        V1.ListServiceRevisionsRequest request,
        IServerStreamWriter<V1.ServiceRevision> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        var services = request.Selectors.Count == 0 ? Services : request.Selectors.Select(Service);
        return SendAsync(
            services.SelectMany(s =>
                Enumerable
                    .Range(1, (int)s.Revision)
                    .Select(n => new V1.ServiceRevision
                    {
                        ServiceId = s.Id,
                        ServiceName = s.Spec.Name,
                        Number = (ulong)n,
                        Current = n == (int)s.Revision,
                        Spec = s.Spec,
                        Changes = { "Container.Image: redis:3.0.6 -> redis:3.0.7" },
                    })
            ),
            responseStream
        );
    }

    public override async AsyncTask WaitServices(
        V1.WaitServicesRequest request,
        IServerStreamWriter<V1.ServiceProgress> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        foreach (var name in request.Selectors.Where(n => request.Removed && !Services.Any(s => s.Id == n || s.Spec.Name == n)))
        {
            await responseStream.WriteAsync(
                new V1.ServiceProgress
                {
                    ServiceId = name,
                    ServiceName = name,
                    Converged = true,
                    Absent = true,
                }
            );
        }
        foreach (var step in Progress)
        {
            if (step is null)
            {
                Waiting.TrySetResult();
                await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
            }
            await responseStream.WriteAsync(step!);
        }
    }

    public override async AsyncTask ListTasks(
        V1.ListTasksRequest request,
        IServerStreamWriter<V1.Task> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        var services = request.Services.Select(s => Service(s).Id).ToHashSet();
        var nodes = request.Nodes.Select(n => Node(n).Id).ToHashSet();
        var found = Select(services, request.HasTaskOrService ? request.TaskOrService : null);
        if (request.HasTaskOrService && found.Count == 0)
        {
            var service =
                Services.Find(s => s.Id == request.TaskOrService || s.Spec.Name == request.TaskOrService)
                ?? throw Refuse(
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
            throw Refuse(StatusCode.NotFound, "TaskNotFound", $"Task '{request.Selectors[0]}' does not exist.", request.Selectors[0]);
        }
        await SendAsync(found, responseStream);
        if (TaskListsNeverEnd)
        {
            await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
        }

        List<V1.Task> Select(HashSet<string> services, string? name) =>
            [
                .. Tasks
                    .Where(t =>
                        (services.Count == 0 || services.Contains(t.ServiceId))
                        && (nodes.Count == 0 || nodes.Contains(t.NodeId))
                        && (!request.DesiredRunning || t.DesiredState <= V1.TaskState.Running)
                        && (name is null || t.Id == name || t.Name == name)
                        && (request.Selectors.Count == 0 || request.Selectors.Contains(t.Id) || request.Selectors.Contains(t.Name))
                    )
                    // As the manager: TaskListing.
                    .OrderBy(t => t.ServiceName, StringComparer.Ordinal)
                    .ThenBy(t => t.Slot)
                    .ThenBy(t => t.Slot > 0 ? "" : t.NodeName, StringComparer.Ordinal)
                    .ThenByDescending(t => t.CreatedAt.ToDateTime()),
            ];
    }

    public override Task<V1.StopTaskResponse> StopTask(V1.StopTaskRequest request, ServerCallContext context)
    {
        Note(request);
        var task =
            Tasks.FirstOrDefault(t => t.Id == request.Selector || t.Name == request.Selector)
            ?? throw Refuse(StatusCode.NotFound, "TaskNotFound", $"Task '{request.Selector}' does not exist.", request.Selector);
        return AsyncTask.FromResult(new V1.StopTaskResponse { Task = task, Preview = request.DryRun ? Preview("stop") : null });
    }

    public override AsyncTask TestPlacement(
        V1.TestPlacementRequest request,
        IServerStreamWriter<V1.NodePlacement> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        return SendAsync(
            Nodes.Select(n => new V1.NodePlacement
            {
                NodeId = n.Id,
                NodeName = n.Name,
                Suitable = n.Name != "worker2",
                Filter = n.Name == "worker2" ? "constraints" : "",
            }),
            responseStream
        );
    }

    public override async AsyncTask WaitNode(
        V1.WaitNodeRequest request,
        IServerStreamWriter<V1.NodeProgress> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        if (!request.UntilRemoved)
        {
            DuringNodeWait?.Invoke(Node(request.Selector));
        }
        await responseStream.WriteAsync(new V1.NodeProgress { NodeId = request.Selector, TasksLeft = 2 });
        await WaitIfToldAsync(context);
        await responseStream.WriteAsync(new V1.NodeProgress { NodeId = request.Selector, Done = true });
    }

    public override async AsyncTask WaitTask(
        V1.WaitTaskRequest request,
        IServerStreamWriter<V1.StopProgress> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        await responseStream.WriteAsync(new V1.StopProgress { Message = "the task is stopping" });
        if (request.TaskId == BreaksWaitOf)
        {
            context.GetHttpContext().Abort();
        }
        await WaitIfToldAsync(context);
        DuringTaskWait?.Invoke(Tasks.Single(t => t.Id == request.TaskId));
        await responseStream.WriteAsync(
            ReplacementFails
                ? new V1.StopProgress
                {
                    Ended = true,
                    Stuck = true,
                    Message = "its replacement has ended (Failed) and is not restarted",
                }
                : new V1.StopProgress { Ended = true, Done = true }
        );
    }

    private async AsyncTask WaitIfToldAsync(ServerCallContext context)
    {
        if (WaitsNeverEnd)
        {
            Waiting.TrySetResult();
            await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
        }
    }

    public override async AsyncTask WatchEvents(
        V1.WatchEventsRequest request,
        IServerStreamWriter<V1.Event> responseStream,
        ServerCallContext context
    )
    {
        Note(request);
        await responseStream.WriteAsync(
            new V1.Event
            {
                Kind = "task",
                Action = "update",
                Name = "web.1",
                Detail = "state: Starting -> Running",
                Time = Timestamp.FromDateTime(DateTime.UtcNow),
            }
        );
        await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
    }
}
