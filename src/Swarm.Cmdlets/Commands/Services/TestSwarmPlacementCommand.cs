using Grpc.Core;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Commands;

/// <summary>Takes all parameters of New-SwarmService, so that the same ones can be tried before. With -Image they are a new service, without it the changes of
/// a service that is there.</summary>
[Cmdlet(VerbsDiagnostic.Test, "SwarmPlacement", DefaultParameterSetName = "Service")]
[OutputType(typeof(PlacementResult))]
public sealed class TestSwarmPlacementCommand : ServiceSpecCmdlet
{
    // No node is chosen by the name of the service.
    private const string AnyName = "placement-test";

    [Parameter(
        ParameterSetName = "Service",
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true
    )]
    [Parameter(ParameterSetName = "Spec", Position = 0)]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter(ParameterSetName = "Spec", Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public override string? Image { get; set; }

    [Parameter(ParameterSetName = "Spec")]
    public ServiceMode Mode { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == "Spec")
        {
            foreach (var name in Name is [] ? [AnyName] : Name)
            {
                await TestAsync(new V1.TestPlacementRequest { Spec = Builder().Create(name, Mode) }, cancellationToken);
            }
            return;
        }
        foreach (var service in await FindServicesAsync(Name, cancellationToken))
        {
            try
            {
                var now = ServiceSpecDefaults.Complete(service.Spec.Clone());
                var changed = now.Clone();
                Builder().Change(changed);
                var request = new V1.TestPlacementRequest { Selector = service.Id, Spec = changed.Equals(now) ? null : changed };
                await TestAsync(request, cancellationToken);
            }
            catch (Exception e) when (IsOfOneObject(e))
            {
                Report(e, service.Spec.Name);
            }
        }
    }

    private async ValueTask TestAsync(V1.TestPlacementRequest request, CancellationToken cancellationToken)
    {
        using var call = Client.Tasks.TestPlacement(request, cancellationToken: cancellationToken);
        await foreach (var node in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            WriteObject(OutputMapper.ToPlacement(node));
        }
    }
}
