using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Services;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "SwarmService")]
[OutputType(typeof(Service))]
public sealed class GetSwarmServiceCommand : SwarmCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    [Parameter]
    [LabelFilter]
    [ArgumentCompleter(typeof(ServiceLabelCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Label { get; set; } = [];

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken) =>
        await FindAsync(
            Name,
            (selectors, token) =>
                Client.Services.ListServices(new V1.ListServicesRequest { Selectors = { selectors } }, cancellationToken: token),
            s => s.Spec?.Name ?? "",
            "service",
            "Get-SwarmService lists them.",
            s =>
            {
                if (LabelFilterAttribute.Matches(Label, s.Spec.Labels))
                {
                    WriteObject(OutputMapper.ToService(s));
                }
            },
            cancellationToken
        );
}
