using Grpc.Core;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>Services, as <see cref="FakeControl"/> has it in memory.</summary>
internal sealed class FakeServices(FakeControl control) : V1.Services.ServicesBase
{
    public override Task<V1.CreateServiceResponse> CreateService(V1.CreateServiceRequest request, ServerCallContext context)
    {
        control.Note(request);
        if (control.Services.Any(s => s.Spec.Name == request.Spec.Name))
        {
            throw FakeControl.Refuse(
                StatusCode.AlreadyExists,
                "NameConflict",
                $"A service '{request.Spec.Name}' exists.",
                request.Spec.Name,
                "Choose another name."
            );
        }
        if (request.DryRun)
        {
            return AsyncTask.FromResult(new V1.CreateServiceResponse { Preview = FakeControl.Preview("create") });
        }
        var service = new V1.Service
        {
            Id = $"service{control.Services.Count}",
            Version = control.NextVersion(),
            Revision = 1,
            Spec = request.Spec,
        };
        control.Services.Add(service);
        control.Place(service);
        return AsyncTask.FromResult(new V1.CreateServiceResponse { Service = service, Warnings = { "image could not be resolved" } });
    }

    public override AsyncTask ListServices(
        V1.ListServicesRequest request,
        IServerStreamWriter<V1.Service> responseStream,
        ServerCallContext context
    )
    {
        control.Note(request);
        return FakeControl.SendAsync(
            request.Selectors.Count == 0 ? control.Services : request.Selectors.Select(control.Service),
            responseStream
        );
    }

    public override Task<V1.UpdateServiceResponse> UpdateService(V1.UpdateServiceRequest request, ServerCallContext context)
    {
        control.Note(request);
        var service = control.Service(request.Selector);
        if (request.DryRun)
        {
            return AsyncTask.FromResult(new V1.UpdateServiceResponse { Service = service, Preview = FakeControl.Preview("stop") });
        }
        if (control.BeforeUpdate is { } other)
        {
            control.BeforeUpdate = null;
            other(service);
            service.Version = control.NextVersion();
        }
        if (request.Version != 0 && request.Version != service.Version)
        {
            throw FakeControl.Refuse(StatusCode.Aborted, "VersionConflict", "The service has changed.", service.Spec.Name);
        }
        service.PreviousSpec = service.Spec;
        service.Spec = request.Spec;
        service.Version = control.NextVersion();
        service.Revision++;
        control.Place(service);
        return AsyncTask.FromResult(new V1.UpdateServiceResponse { Service = service });
    }

    public override Task<V1.ScaleServicesResponse> ScaleServices(V1.ScaleServicesRequest request, ServerCallContext context)
    {
        control.Note(request);
        var services = request.Services.Select(s => (control.Service(s.Selector), s.Replicas)).ToList();
        if (services.Any(s => s.Replicas < 0))
        {
            throw FakeControl.Refuse(
                StatusCode.InvalidArgument,
                "InvalidReplicas",
                "A service cannot have a negative number of replicas.",
                "web"
            );
        }
        var response = new V1.ScaleServicesResponse { Preview = request.DryRun ? FakeControl.Preview("create") : null };
        response.Preview?.More.AddRange(control.UnlistedActions);
        foreach (var (service, replicas) in services.Where(_ => !request.DryRun))
        {
            service.Spec.Replicated.Replicas = (ulong)replicas;
            control.Place(service);
            response.Services.Add(service);
        }
        if (control.BreaksAfterScale)
        {
            control.BreaksAfterScale = false;
            context.GetHttpContext().Abort();
        }
        return AsyncTask.FromResult(response);
    }

    public override Task<V1.UpdateServiceResponse> RollbackService(V1.RollbackServiceRequest request, ServerCallContext context)
    {
        control.Note(request);
        var service = control.Service(request.Selector);
        if (!request.DryRun)
        {
            (service.Spec, service.PreviousSpec) = (service.PreviousSpec, service.Spec);
        }
        return AsyncTask.FromResult(
            new V1.UpdateServiceResponse { Service = service, Preview = request.DryRun ? FakeControl.Preview("stop") : null }
        );
    }

    public override Task<V1.RemoveServiceResponse> RemoveService(V1.RemoveServiceRequest request, ServerCallContext context)
    {
        control.Note(request);
        var service = control.Service(request.Selector);
        if (!request.DryRun)
        {
            control.Services.Remove(service);
        }
        return AsyncTask.FromResult(
            new V1.RemoveServiceResponse { ServiceId = service.Id, Preview = request.DryRun ? FakeControl.Preview("remove") : null }
        );
    }

    public override AsyncTask ListServiceRevisions(
        V1.ListServiceRevisionsRequest request,
        IServerStreamWriter<V1.ServiceRevision> responseStream,
        ServerCallContext context
    )
    {
        control.Note(request);
        var services = request.Selectors.Count == 0 ? control.Services : request.Selectors.Select(control.Service);
        return FakeControl.SendAsync(
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
        control.Note(request);
        foreach (var name in request.Selectors.Where(n => request.Removed && !control.Services.Any(s => s.Id == n || s.Spec.Name == n)))
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
        foreach (var step in control.Progress)
        {
            if (step is null)
            {
                control.Waiting.TrySetResult();
                await AsyncTask.Delay(Timeout.Infinite, context.CancellationToken);
            }
            await responseStream.WriteAsync(step!);
        }
    }
}
