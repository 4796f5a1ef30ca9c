using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Restart, "SwarmService", SupportsShouldProcess = true)]
[OutputType(typeof(Service))]
public sealed class RestartSwarmServiceCommand : ServiceChangeCmdlet
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
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var service in await FindServicesAsync(Name, cancellationToken))
        {
            // The image stays pinned to the digest it has: a restart is no update.
            var edit = new ServiceEdit(Client, spec => spec.ForceUpdate++) { NoResolveImage = true };
            try
            {
                if (
                    await ApproveAsync(
                        service.Spec.Name,
                        "Replace every task",
                        token => edit.PreviewAsync(service, null, token),
                        false,
                        cancellationToken
                    )
                )
                {
                    var answer = await edit.WriteAsync(service, null, NewRequestId(), cancellationToken);
                    await FinishAsync(answer.Service, answer.Warnings, Wait, Timeout, PassThru, cancellationToken);
                }
            }
            catch (Exception e) when (IsOfOneObject(e))
            {
                Report(e, service.Spec.Name);
            }
        }
    }
}
