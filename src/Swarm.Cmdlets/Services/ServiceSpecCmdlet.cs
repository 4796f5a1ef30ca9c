using System.Net;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Services;

/// <summary>The options of a service, shared by New-SwarmService and Set-SwarmService.</summary>
public abstract partial class ServiceSpecCmdlet : ServiceChangeCmdlet, ITakesObjects
{
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>A builder with the bound parameters.</summary>
    private protected ServiceSpecBuilder Builder() => new(Options());

    private protected Dictionary<string, object?> Options() =>
        ServiceOption.All.Keys.Where(IsBound).ToDictionary(o => o, o => GetType().GetProperty(o)!.GetValue(this));

    /// <summary>The spec of a new service of the bound parameters.</summary>
    /// <param name="mode">Null where it is not given: Replicated.</param>
    private protected V1.ServiceSpec NewSpec(string name, ServiceMode? mode)
    {
        var options = Options();
        if (!IsOnCommandLine(nameof(Replicas)) && IsReplicasOfAnotherMode(mode))
        {
            options.Remove(nameof(Replicas));
        }
        return new ServiceSpecBuilder(options).Create(name, mode ?? ServiceMode.Replicated);
    }

    // The replicas of a global service are the nodes that it runs on. A copied number is no wish where the command line asks for a
    // global one.
    private bool IsReplicasOfAnotherMode(ServiceMode? mode) =>
        Piped is { } piped
        && piped.IsOfType(nameof(Service))
        && (
            LanguagePrimitives.ConvertTo<ServiceMode>(piped[nameof(Service.Mode)]) == ServiceMode.Global
            || (IsOnCommandLine(nameof(Service.Mode)) && mode == ServiceMode.Global)
        );

    private protected ValueTask FinishAsync(
        V1.Service service,
        IEnumerable<string> warnings,
        bool emit,
        CancellationToken cancellationToken
    ) => FinishAsync(service, warnings, Wait, Timeout, emit, cancellationToken);

    /// <summary>The credential with the registry that the image names.</summary>
    private protected V1.RegistryCredential? Credential(V1.ServiceSpec spec)
    {
        if (RegistryCredential is null || !IsBound(nameof(RegistryCredential)))
        {
            return null;
        }
        NetworkCredential plain = RegistryCredential.GetNetworkCredential();
        return new V1.RegistryCredential
        {
            ServerAddress = RegistryOf(spec.Container.Image),
            Username = RegistryCredential.UserName,
            Password = plain.Password,
        };
    }

    /// <summary>Docker's rule: the part before the first slash is a registry when it has a dot or a colon, or is localhost.</summary>
    internal static string RegistryOf(string image)
    {
        var first = image.Split('/')[0];
        return image.Contains('/', StringComparison.Ordinal) && (first.AsSpan().ContainsAny('.', ':') || first == "localhost")
            ? first
            : "docker.io";
    }
}
