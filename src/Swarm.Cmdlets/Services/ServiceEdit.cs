using Grpc.Core;
using Swarm.Cmdlets.Errors;
using Swarm.Cmdlets.Mapping;

namespace Swarm.Cmdlets.Services;

/// <summary>Reads, changes and writes a service with the version that was read. A conflict is retried unless another writer changed the
/// same properties.</summary>
internal sealed class ServiceEdit(V1.ControlClient client, Action<V1.ServiceSpec> change)
{
    // Each failed attempt lost to another writer; more than this is no coincidence.
    private const int MaxTries = 8;

    public bool NoResolveImage { get; init; }

    /// <summary>The user names the image: what has failed is tried anew, even if the image is the same.</summary>
    public bool NewAttempt { get; init; }

    public V1.ServiceSpec Wanted(V1.Service read)
    {
        var spec = ServiceSpecDefaults.Complete(read.Spec.Clone());
        change(spec);
        return spec;
    }

    public async Task<V1.Preview?> PreviewAsync(V1.Service read, V1.RegistryCredential? credential, CancellationToken cancellationToken)
    {
        var request = Request(read, Wanted(read), credential, "");
        request.DryRun = true;
        return (await client.Services.UpdateServiceAsync(request, cancellationToken: cancellationToken)).Preview;
    }

    /// <exception cref="SwarmException">VersionConflict, naming the properties that another writer changed too.</exception>
    public async Task<V1.UpdateServiceResponse> WriteAsync(
        V1.Service read,
        V1.RegistryCredential? credential,
        string requestId,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            var wanted = Wanted(read);
            try
            {
                return await client.Services.UpdateServiceAsync(
                    Request(read, wanted, credential, attempt == 1 ? requestId : $"{requestId}-{attempt}"),
                    cancellationToken: cancellationToken
                );
            }
            catch (RpcException e) when (ErrorMapper.IdOf(e) == "VersionConflict" && attempt < MaxTries)
            {
                var now = await ReadAsync(read, cancellationToken);
                var conflicts = SpecDiff.Conflicts(
                    ServiceSpecDefaults.Complete(read.Spec.Clone()),
                    wanted,
                    ServiceSpecDefaults.Complete(now.Spec.Clone())
                );
                if (conflicts.Count > 0)
                {
                    throw new SwarmException(
                        "VersionConflict",
                        $"Service '{read.Spec.Name}' was changed by someone else at the same time: {string.Join(", ", conflicts.Select(SpecWords.Parameter).Distinct())}.",
                        read.Spec.Name,
                        $"Look at Get-SwarmService {read.Spec.Name} and decide again."
                    );
                }
                read = now;
            }
        }
    }

    private V1.UpdateServiceRequest Request(V1.Service read, V1.ServiceSpec spec, V1.RegistryCredential? credential, string requestId) =>
        new()
        {
            RequestId = requestId,
            Selector = read.Id,
            Spec = spec,
            Version = read.Version,
            RegistryCredential = credential,
            NoResolveImage = NoResolveImage,
            NewAttempt = NewAttempt,
        };

    private async Task<V1.Service> ReadAsync(V1.Service read, CancellationToken cancellationToken)
    {
        using var call = client.Services.ListServices(
            new V1.ListServicesRequest { Selectors = { read.Id } },
            cancellationToken: cancellationToken
        );
        return await call.ResponseStream.MoveNext(cancellationToken)
            ? call.ResponseStream.Current
            : throw new SwarmException("ServiceNotFound", $"Service '{read.Spec.Name}' was removed meanwhile.", read.Spec.Name, "");
    }
}
