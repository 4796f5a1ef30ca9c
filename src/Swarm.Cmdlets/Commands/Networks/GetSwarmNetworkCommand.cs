using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands.Networks;

[Cmdlet(VerbsCommon.Get, "SwarmNetwork")]
[OutputType(typeof(Network))]
public sealed class GetSwarmNetworkCommand : SwarmCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Network)]
    [Alias("Id")]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken) =>
        await FindAsync(
            Name,
            (selectors, token) =>
                Client.Networks.ListNetworks(new V1.ListNetworksRequest { Selectors = { selectors } }, cancellationToken: token),
            n => n.Name,
            "network",
            "Get-SwarmNetwork lists them.",
            n => WriteObject(OutputMapper.ToNetwork(n)),
            cancellationToken
        );
}
