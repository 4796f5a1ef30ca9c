using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Commands.Services;

[Cmdlet(VerbsCommon.Set, "SwarmService", SupportsShouldProcess = true)]
[OutputType(typeof(Service))]
public sealed class SetSwarmServiceCommand : ServiceSpecCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveEnv { get; set; } = [];

    [Parameter]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveLabel { get; set; } = [];

    [Parameter]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveContainerLabel { get; set; } = [];

    [Parameter]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveConstraint { get; set; } = [];

    [Parameter]
    [Spread]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemovePlacementPreference { get; set; } = [];

    [Parameter]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveMount { get; set; } = [];

    [Parameter]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveGroup { get; set; } = [];

    [Parameter]
    [Selector(SelectorKind.Network)]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public string[] RemoveNetwork { get; set; } = [];

    [Parameter]
    [Ports]
    [ArgumentCompleter(typeof(ServiceValueCompleter))]
    public PublishedPort[] RemovePublish { get; set; } = [];

    [Parameter]
    public SwitchParameter ForceUpdate { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
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
        var edit = new ServiceEdit(Client, Change) { NoResolveImage = NoResolveImage };
        var wanted = edit.Wanted(service);
        var credential = Credential(wanted);
        var what = SpecDiff.Changes(service.Spec, wanted).Keys.Order().ToArray();
        var action = what.Length == 0 ? "Update (nothing changes)" : "Update " + string.Join(", ", what);
        if (
            !await ApproveAsync(service.Spec.Name, action, token => edit.PreviewAsync(service, credential, token), false, cancellationToken)
        )
        {
            return;
        }
        var answer = await edit.WriteAsync(service, credential, NewRequestId(), cancellationToken);
        await FinishAsync(answer.Service, answer.Warnings, PassThru, cancellationToken);
    }

    private void Change(V1.ServiceSpec spec)
    {
        var container = spec.Container;
        RemoveWhere(container.Env, e => RemoveEnv.Contains(e.Split('=')[0], StringComparer.Ordinal));
        RemoveWhere(container.Mounts, m => RemoveMount.Contains(m.Target, StringComparer.Ordinal));
        RemoveWhere(container.Groups, g => RemoveGroup.Contains(g, StringComparer.Ordinal));
        RemoveWhere(spec.Placement.Constraints, c => RemoveConstraint.Any(r => Squeeze(r) == Squeeze(c)));
        RemoveWhere(spec.Placement.SpreadPreferences, p => RemovePlacementPreference.Contains(p, StringComparer.Ordinal));
        RemoveWhere(spec.Networks, n => RemoveNetwork.Contains(n, StringComparer.Ordinal));
        // As in docker service update --publish-rm, target port and protocol select the port.
        RemoveWhere(spec.Ports, p => RemovePublish.Any(r => (uint)r.Target == p.TargetPort && (V1.PortProtocol)r.Protocol == p.Protocol));
        foreach (var label in RemoveLabel)
        {
            spec.Labels.Remove(label);
        }
        foreach (var label in RemoveContainerLabel)
        {
            container.Labels.Remove(label);
        }
        if (ForceUpdate)
        {
            spec.ForceUpdate++;
        }
        Apply(spec);
    }

    private static string Squeeze(string constraint) => constraint.Replace(" ", "", StringComparison.Ordinal);
}
