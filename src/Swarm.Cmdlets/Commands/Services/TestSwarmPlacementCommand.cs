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
        if (Row is { } row)
        {
            await TestAsync(new V1.TestPlacementRequest { Spec = SpecOf(row) }, cancellationToken);
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

    /// <summary>An object of the pipeline that New-SwarmService would make a service of: it has an image, and is not a service that is there.</summary>
    private PipedObject? Row => Piped is { IsState: false } piped && TextOf(piped, nameof(Image)).Length > 0 ? piped : null;

    // The engine binds an object to the parameters of the default set, which has neither an image nor a mode.
    private V1.ServiceSpec SpecOf(PipedObject row)
    {
        var options = Options();
        options[nameof(Image)] = TextOf(row, nameof(Image));
        var name = TextOf(row, nameof(Name)) is { Length: > 0 } given ? given : AnyName;
        var mode = TextOf(row, nameof(Mode));
        if (mode.Length > 0 && !Enum.TryParse<ServiceMode>(mode, ignoreCase: true, out _))
        {
            throw new SwarmException("InvalidValue", $"'{mode}' is no mode of a service.", nameof(Mode), "Use Replicated or Global.");
        }
        return new ServiceSpecBuilder(options).Create(
            name,
            mode.Length > 0 ? Enum.Parse<ServiceMode>(mode, ignoreCase: true) : ServiceMode.Replicated
        );
    }

    private static string TextOf(PipedObject row, string property) => $"{row[property]}".Trim();

    private async ValueTask TestAsync(V1.TestPlacementRequest request, CancellationToken cancellationToken)
    {
        using var call = Client.Tasks.TestPlacement(request, cancellationToken: cancellationToken);
        await foreach (var node in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            WriteObject(OutputMapper.ToPlacement(node));
        }
    }
}
