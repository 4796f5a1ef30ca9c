using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.New, "SwarmService", SupportsShouldProcess = true)]
[OutputType(typeof(Service))]
public sealed class NewSwarmServiceCommand : ServiceSpecCmdlet, ITakesObjects
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string Name { get; set; } = "";

    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public override string? Image { get; set; }

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Word<ServiceMode>]
    public ServiceMode Mode { get; set; }

    // A service is copied.
    string ITakesObjects.OwnType => nameof(Service);

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var spec = NewSpec(Name, IsBound(nameof(Mode)) ? Mode : null);
        var request = new V1.CreateServiceRequest
        {
            RequestId = NewRequestId(),
            Spec = spec,
            RegistryCredential = Credential(spec),
            NoResolveImage = NoResolveImage,
        };
        if (
            !await ApproveAsync(
                Name,
                $"Create service from {spec.Container.Image}",
                token => PreviewAsync(request, token),
                false,
                cancellationToken
            )
        )
        {
            return;
        }
        var created = await Client.Services.CreateServiceAsync(request, cancellationToken: cancellationToken);
        await FinishAsync(created.Service, created.Warnings, emit: true, cancellationToken);
    }

    private async Task<V1.Preview?> PreviewAsync(V1.CreateServiceRequest request, CancellationToken cancellationToken)
    {
        var dry = request.Clone();
        dry.DryRun = true;
        return (await Client.Services.CreateServiceAsync(dry, cancellationToken: cancellationToken)).Preview;
    }
}
