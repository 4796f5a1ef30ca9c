using Grpc.Core;
using Swarm.Control.Calls;
using Swarm.Control.Reading;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Forwarding;
using Swarm.Core.Model;
using Swarm.Core.Orchestration;
using Swarm.Core.Scheduling;
using Swarm.Core.State;
using Swarm.Core.Validation;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Control.Objects;

/// <summary>The API's area of services, answered by the leading manager from applied state.</summary>
public partial class ServicesApi(SwarmObjects objects) : V1.Services.ServicesBase
{
    public override async Task<V1.CreateServiceResponse> CreateService(V1.CreateServiceRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        var spec = WithoutPlatforms(ProtocolMapping.FromWire(request.Spec));
        ServiceSpecValidation.Validate(spec);
        var credential = ProtocolMapping.FromWire(request.RegistryCredential);
        await objects.RequireLeaderAsync(cancellation);
        var response = new V1.CreateServiceResponse();
        // Before the registry is asked: what cannot be is refused at once. A retry finds its own service instead.
        var outlook = objects.Store.Read(state =>
        {
            if (request.RequestId.Length == 0 || state.FindRequest(request.RequestId) is null)
            {
                RequireFreeName(state, spec.Name);
                PortConflicts.Require(state, spec, null);
                ServiceOutlook.Validate(state, spec);
            }
            return ServiceOutlook.Warnings(state, spec);
        });
        response.Warnings.Add(outlook);
        if (request.DryRun)
        {
            response.Preview = await objects.PreviewAsync(state => ServicePlanner.PreviewCreate(state, spec, objects.Now), cancellation);
            return response;
        }
        if (!request.NoResolveImage)
        {
            spec = await PinAsync(spec, credential, response.Warnings, cancellation);
        }
        response.Service = await objects.ExecuteAsync(
            request.RequestId,
            state =>
            {
                RequireFreeName(state, spec.Name);
                PortConflicts.Require(state, spec, null);
                var id = objects.Orchestrator.Ids.Next();
                return new CommandChanges(ServiceChanges.Create(id, spec, credential, objects.Now), id);
            },
            SwarmObjects.ServiceOrVanished,
            cancellation
        );
        return response;
    }

    public override async Task ListServices(
        V1.ListServicesRequest request,
        IServerStreamWriter<V1.Service> responseStream,
        ServerCallContext context
    )
    {
        await objects.RequireLeaderAsync(context.CancellationToken);
        foreach (var service in SelectServices(request.Selectors))
        {
            var (shown, facts) = objects.Store.Read(state =>
            {
                var now = state.FindService(service.Id) ?? service;
                return (now, ServiceFacts.Of(now, state));
            });
            await responseStream.SendAsync(WireObjects.Of(shown, facts), context);
        }
    }

    public override async Task<V1.UpdateServiceResponse> UpdateService(V1.UpdateServiceRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        var spec = WithoutPlatforms(ProtocolMapping.FromWire(request.Spec));
        var credential = ProtocolMapping.FromWire(request.RegistryCredential);
        await objects.RequireLeaderAsync(cancellation);
        var (current, known) = objects.Store.Read(state =>
        {
            var service = Selectors.Service(state, request.Selector);
            // A retry is answered from its record, however often the service changed since.
            if (request.RequestId.Length == 0 || state.FindRequest(request.RequestId) is null)
            {
                RequireUpdatable(service, spec, request.Version);
            }
            return (service, state.FindRevision(service.Id, service.Revision)?.RegistryCredential);
        });
        ServiceSpecValidation.ValidateChange(spec, current.Spec);
        var response = new V1.UpdateServiceResponse();
        var outlook = objects.Store.Read(state =>
        {
            PortConflicts.Require(state, spec, current.Id);
            ServiceOutlook.Validate(state, spec, current.Spec);
            // Told once: when the resources are asked for.
            return spec.Resources == current.Spec.Resources ? [] : ServiceOutlook.Warnings(state, spec);
        });
        response.Warnings.Add(outlook);
        // Before a preview as well: the given tag may resolve to the current digest.
        if (!request.NoResolveImage && spec.Container.Image != current.Spec.Container.Image)
        {
            spec = await PinAsync(spec, credential ?? known, response.Warnings, cancellation);
        }
        if (spec.Container.Image == current.Spec.Container.Image)
        {
            // The same image keeps its platforms, whether or not its registry has answered this time.
            spec = spec with
            {
                Placement = spec.Placement with { Platforms = current.Spec.Placement.Platforms },
            };
        }
        if (request.DryRun)
        {
            response.Preview = await objects.PreviewAsync(
                state =>
                {
                    var service = Selectors.Service(state, current.Id);
                    RequireUpdatable(service, spec, request.Version);
                    return ServicePlanner.PreviewUpdate(state, service, spec, objects.Now, credential, request.NewAttempt);
                },
                cancellation
            );
            return response;
        }
        response.Service = await objects.ExecuteAsync(
            request.RequestId,
            state =>
            {
                var service = Selectors.Service(state, current.Id);
                RequireUpdatable(service, spec, request.Version);
                PortConflicts.Require(state, spec, service.Id);
                var changes = ServiceChanges.Update(state, service, spec, credential, objects.Now, request.NewAttempt);
                return new CommandChanges(changes, service.Id);
            },
            SwarmObjects.ServiceOrVanished,
            cancellation
        );
        return response;
    }

    public override async Task<V1.RemoveServiceResponse> RemoveService(V1.RemoveServiceRequest request, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        if (request.DryRun)
        {
            var id = "";
            var preview = await objects.PreviewAsync(
                state => ServicePlanner.PreviewRemove(state, id = Selectors.Service(state, request.Selector).Id, objects.Now),
                cancellation
            );
            return new V1.RemoveServiceResponse { ServiceId = id, Preview = preview };
        }
        var removed = await objects.ExecuteAsync(
            request.RequestId,
            state =>
            {
                var service = Selectors.Service(state, request.Selector);
                return new CommandChanges([new StateChange.ServiceRemove(service.Id)], service.Id);
            },
            static (_, id) => id,
            cancellation
        );
        return new V1.RemoveServiceResponse { ServiceId = removed };
    }

    /// <summary>In the order of the selectors; all by name without any, sorted outside the lock.</summary>
    private Service[] SelectServices(IReadOnlyCollection<string> selectors)
    {
        var selected = objects.Store.Read<Service[]>(state =>
            selectors.Count == 0 ? [.. state.Services] : [.. selectors.Select(s => Selectors.Service(state, s)).Distinct()]
        );
        return selectors.Count > 0 ? selected : [.. selected.OrderBy(static s => s.Spec.Name, StringComparer.Ordinal)];
    }

    private static void RequireFreeName(ClusterState state, string name)
    {
        if (state.FindServiceByName(name) is not null)
        {
            throw new SwarmException(
                SwarmErrorKind.AlreadyExists,
                "NameConflict",
                $"name conflicts with an existing object: service {name} already exists",
                name,
                "Choose another name, or change the existing service with Set-SwarmService."
            );
        }
    }

    private static void RequireUpdatable(Service service, ServiceSpec spec, ulong version)
    {
        var name = service.Spec.Name;
        SwarmObjects.RequireVersion(version, service.Version, "service", name);
        if (spec.Name != name)
        {
            throw ServiceSpecValidation.Refuse(
                "NameCannotChange",
                $"The name of service {name} cannot change to {spec.Name}.",
                name,
                "Create a service with the new name and remove the old one."
            );
        }
        if (spec.Mode.GetType() != service.Spec.Mode.GetType())
        {
            throw ServiceSpecValidation.Refuse(
                "ModeCannotChange",
                $"Service {name} cannot change between replicated and global.",
                name,
                "Create a service with the other mode and remove the old one."
            );
        }
    }

    /// <summary>Pins the image to its current digest, so that every node runs the same. Source of the warning: docker service
    /// create.</summary>
    private async Task<ServiceSpec> PinAsync(
        ServiceSpec spec,
        RegistryCredential? credential,
        ICollection<string> warnings,
        CancellationToken cancellation
    )
    {
        if (!ImageReference.TryParse(spec.Container.Image, out var image) || image.Digest.Length > 0)
        {
            return spec;
        }
        ResolvedImage? resolved;
        try
        {
            resolved = await objects.Options.ResolveImage(spec.Container.Image, credential, cancellation);
        }
        catch (ImageNotResolvedException e)
        {
            warnings.Add(NotPinned(spec.Container.Image, $" ({e.Message})", e.NeedsCredential));
            return spec;
        }
        if (string.IsNullOrEmpty(resolved?.Digest))
        {
            warnings.Add(NotPinned(spec.Container.Image, "", false));
            return spec;
        }
        var tagged = image.Tag.Length > 0 ? image : image with { Tag = "latest" };
        return spec with
        {
            Container = spec.Container with { Image = (tagged with { Digest = resolved.Digest }).ToString() },
            Placement = spec.Placement with { Platforms = resolved.Platforms },
        };
    }

    /// <summary>The requested spec without platforms: only an image's registry knows them.</summary>
    private static ServiceSpec WithoutPlatforms(ServiceSpec spec) => spec with { Placement = spec.Placement with { Platforms = [] } };

    private static string NotPinned(string image, string reason, bool needsCredential) =>
        $"image {image} could not be accessed on a registry to record its digest{reason}. Each node will access {image} independently, possibly leading to "
        + "different nodes running different versions of the image."
        + (needsCredential ? " If it is private, give the registry's user and password with -RegistryCredential." : "");
}
