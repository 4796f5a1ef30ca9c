using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Set, "SwarmService", SupportsShouldProcess = true)]
[OutputType(typeof(Service))]
public sealed class SetSwarmServiceCommand : ServiceUpdateCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        RequireChange(ServiceOption.Changes, "-Image, -Replicas or -Env");
        foreach (var service in await FindServicesAsync(Name, cancellationToken))
        {
            try
            {
                await ChangeAsync(service, cancellationToken);
            }
            catch (Exception e) when (IsOfOneObject(e))
            {
                Report(e, service.Spec.Name);
            }
        }
    }

    private async ValueTask ChangeAsync(V1.Service service, CancellationToken cancellationToken)
    {
        RequireChange(ServiceOption.Changes, "-Image, -Replicas or -Env", OutputMapper.ToService(service));
        var edit = new ServiceEdit(Client, Builder().Change) { NoResolveImage = NoResolveImage, NewAttempt = IsBound(nameof(Image)) };
        var wanted = edit.Wanted(service);
        var credential = Credential(wanted);
        var now = ServiceSpecDefaults.Complete(service.Spec.Clone());
        var isSo = ServiceSpecDefaults.Complete(wanted.Clone()).Equals(now);
        var what = SpecWords.Changes(service.Spec, wanted);
        var action =
            isSo ? "Update (nothing changes)"
            : what.Count == 0 ? "Update"
            : "Update " + string.Join(", ", what);
        // The manager resumes a paused update, also where the spec is the same.
        var isPaused = service.UpdateStatus?.State is V1.UpdateState.Paused or V1.UpdateState.RollbackPaused;
        if (isSo && !isPaused && !edit.NewAttempt && credential is null && !IsWhatIf)
        {
            TellUnchanged($"Service '{service.Spec.Name}'");
            await FinishAsync(service, [], PassThru, cancellationToken);
            return;
        }
        if (
            !await ApproveAsync(service.Spec.Name, action, token => edit.PreviewAsync(service, credential, token), false, cancellationToken)
        )
        {
            return;
        }
        var answer = await edit.WriteAsync(service, credential, NewRequestId(), cancellationToken);
        await FinishAsync(answer.Service, answer.Warnings, PassThru, cancellationToken);
    }
}
