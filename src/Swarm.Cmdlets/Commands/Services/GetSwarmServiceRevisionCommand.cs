using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands.Services;

[Cmdlet(VerbsCommon.Get, "SwarmServiceRevision")]
[OutputType(typeof(ServiceRevision))]
public sealed class GetSwarmServiceRevisionCommand : SwarmCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Service)]
    [Alias("Id", "ServiceName")]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(RevisionCompleter))]
    public long[] Number { get; set; } = [];

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken) =>
        await FindAsync(
            Name,
            (selectors, token) =>
                Client.Services.ListServiceRevisions(
                    new V1.ListServiceRevisionsRequest { Selectors = { selectors } },
                    cancellationToken: token
                ),
            r => r.ServiceName,
            "service",
            "Get-SwarmService lists them.",
            r =>
            {
                if (Number.Length == 0 || Number.Contains((long)r.Number))
                {
                    WriteObject(OutputMapper.ToRevision(r));
                }
            },
            cancellationToken
        );
}
