using Grpc.Core;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsDiagnostic.Test, "SwarmPlacement", DefaultParameterSetName = "Service")]
[OutputType(typeof(PlacementResult))]
public sealed class TestSwarmPlacementCommand : SwarmCmdlet
{
    [Parameter(
        ParameterSetName = "Service",
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true
    )]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter(ParameterSetName = "Spec", Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "";

    [Parameter(ParameterSetName = "Spec")]
    [ArgumentCompleter(typeof(ConstraintCompleter))]
    public string[] Constraint { get; set; } = [];

    [Parameter(ParameterSetName = "Spec")]
    [Spread]
    public string[] PlacementPreference { get; set; } = [];

    [Parameter(ParameterSetName = "Spec")]
    [Cpu]
    public decimal ReserveCpu { get; set; }

    [Parameter(ParameterSetName = "Spec")]
    [Size]
    public long ReserveMemory { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == "Spec")
        {
            var spec = ServiceSpecDefaults.New("placement-test", global: false);
            spec.Container.Image = Image;
            spec.Placement.Constraints.Add(Constraint);
            spec.Placement.SpreadPreferences.Add(PlacementPreference);
            spec.Resources.Reservations.NanoCpus = (long)(ReserveCpu * 1_000_000_000);
            spec.Resources.Reservations.MemoryBytes = ReserveMemory;
            await TestAsync(new V1.TestPlacementRequest { Spec = spec }, cancellationToken);
            return;
        }
        foreach (var service in await FindServicesAsync(Name, cancellationToken))
        {
            try
            {
                await TestAsync(new V1.TestPlacementRequest { Selector = service.Id }, cancellationToken);
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
