using Grpc.Core;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Commands;

/// <summary>Takes all parameters and rows of New-SwarmService, so that the same ones can be tried before. With an image they are a new service, without
/// it the changes of a service that is there. An object of a service stands for that service. With -Name it is a copy, as New-SwarmService makes it.</summary>
/// <remarks>A single parameter set for both: the engine chooses a set before it reads the image of a row.</remarks>
[Cmdlet(VerbsDiagnostic.Test, "SwarmPlacement")]
[OutputType(typeof(PlacementResult))]
public sealed class TestSwarmPlacementCommand : ServiceSpecCmdlet, ITakesObjects
{
    // No node is chosen by the name of the service.
    private const string AnyName = "placement-test";

    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public override string? Image { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Word<ServiceMode>]
    public ServiceMode Mode { get; set; }

    string ITakesObjects.OwnType => IsOnCommandLine(nameof(Name)) ? nameof(Service) : "";

    // An object of a service has an image too, and stands for what is there.
    private bool IsNew => Piped is not { IsState: true } && IsBound(nameof(Image));

    // A row needs no name. The engine gives -Name the text of such a row.
    private string[] NewNames =>
        Name is [] || (Piped is { HasOptions: true } row && !IsOnCommandLine(nameof(Name)) && !row.Gives(nameof(Name))) ? [AnyName] : Name;

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (IsNew)
        {
            foreach (var name in NewNames)
            {
                var spec = NewSpec(name, IsBound(nameof(Mode)) ? Mode : null);
                await TestAsync(new V1.TestPlacementRequest { Spec = spec }, name == AnyName ? "" : name, cancellationToken);
            }
            return;
        }
        if (Name is [])
        {
            throw new SwarmException(
                "MissingParameter",
                "No service is named, and no image is given.",
                "",
                "Name a service that is there, or add the image of a new one: Test-SwarmPlacement -Image alpine."
            );
        }
        if (IsBound(nameof(Mode)))
        {
            throw new SwarmException(
                "MissingParameter",
                "-Mode is for a new service, and a new service needs an image.",
                Name[0],
                "Add -Image, for example -Image alpine, or leave out -Mode: a service keeps its mode."
            );
        }
        foreach (var service in await FindServicesAsync(Name, cancellationToken))
        {
            try
            {
                var now = ServiceSpecDefaults.Complete(service.Spec.Clone());
                var changed = now.Clone();
                Builder().Change(changed);
                var request = new V1.TestPlacementRequest { Selector = service.Id, Spec = changed.Equals(now) ? null : changed };
                await TestAsync(request, service.Spec.Name, cancellationToken);
            }
            catch (Exception e) when (IsOfOneObject(e))
            {
                Report(e, service.Spec.Name);
            }
        }
    }

    private async ValueTask TestAsync(V1.TestPlacementRequest request, string service, CancellationToken cancellationToken)
    {
        using var call = Client.Tasks.TestPlacement(request, cancellationToken: cancellationToken);
        await foreach (var node in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            WriteObject(OutputMapper.ToPlacement(node, service));
        }
    }
}
