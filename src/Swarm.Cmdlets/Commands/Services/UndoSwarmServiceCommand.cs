using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Undo, "SwarmService", SupportsShouldProcess = true)]
[OutputType(typeof(Service))]
public sealed class UndoSwarmServiceCommand : ServiceChangeCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter(Position = 1)]
    [ValidateRange(1, long.MaxValue)]
    [ArgumentCompleter(typeof(RevisionCompleter))]
    public long ToRevision { get; set; }

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
            var request = new V1.RollbackServiceRequest
            {
                RequestId = NewRequestId(),
                Selector = service.Id,
                ToRevision = (ulong)ToRevision,
            };
            var action = ToRevision > 0 ? $"Roll back to revision {ToRevision}" : "Roll back to the revision before";
            try
            {
                if (await ApproveAsync(service.Spec.Name, action, token => PreviewAsync(request, token), false, cancellationToken))
                {
                    var answer = await Client.Services.RollbackServiceAsync(request, cancellationToken: cancellationToken);
                    await FinishAsync(answer.Service, answer.Warnings, Wait, Timeout, PassThru, cancellationToken);
                }
            }
            catch (Exception e) when (IsOfOneObject(e))
            {
                Report(e, service.Spec.Name);
            }
        }
    }

    private async Task<V1.Preview?> PreviewAsync(V1.RollbackServiceRequest request, CancellationToken cancellationToken)
    {
        var dry = request.Clone();
        dry.DryRun = true;
        return (await Client.Services.RollbackServiceAsync(dry, cancellationToken: cancellationToken)).Preview;
    }
}
