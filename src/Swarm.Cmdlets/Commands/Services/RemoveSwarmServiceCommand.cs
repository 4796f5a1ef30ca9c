using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Remove, "SwarmService", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(Service))]
public sealed class RemoveSwarmServiceCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter]
    public SwitchParameter Wait { get; set; }

    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan? Timeout { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private readonly Dictionary<string, string> _removed = new(StringComparer.Ordinal);

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var service in await FindServicesAsync(Name, cancellationToken))
        {
            var request = new V1.RemoveServiceRequest { RequestId = NewRequestId(), Selector = service.Id };
            try
            {
                if (
                    await ApproveAsync(service.Spec.Name, "Remove service", token => PreviewAsync(request, token), Force, cancellationToken)
                )
                {
                    await Client.Services.RemoveServiceAsync(request, cancellationToken: cancellationToken);
                    _removed[service.Id] = service.Spec.Name;
                    Connection.RemovedServices[service.Id] = Connection.RemovedServices[service.Spec.Name] = true;
                    if (PassThru)
                    {
                        WriteObject(OutputMapper.ToService(service));
                    }
                }
            }
            catch (Exception e) when (IsOfOneObject(e))
            {
                Report(e, service.Spec.Name);
            }
        }
    }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (Wait)
        {
            await WaitForServicesAsync(_removed, removed: true, Timeout, cancellationToken);
        }
    }

    private async Task<V1.Preview?> PreviewAsync(V1.RemoveServiceRequest request, CancellationToken cancellationToken)
    {
        var dry = request.Clone();
        dry.DryRun = true;
        return (await Client.Services.RemoveServiceAsync(dry, cancellationToken: cancellationToken)).Preview;
    }
}
