using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "SwarmNode")]
[OutputType(typeof(Node))]
public sealed class GetSwarmNodeCommand : SwarmCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Node)]
    [Alias("Id", "NodeId")]
    [ArgumentCompleter(typeof(NodeCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    [Parameter]
    public NodeRole? Role { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken) =>
        await FindAsync(
            Name,
            (selectors, token) => Client.Nodes.ListNodes(new V1.ListNodesRequest { Selectors = { selectors } }, cancellationToken: token),
            n => n.Name,
            "node",
            "Get-SwarmNode lists them.",
            n =>
            {
                if (Role is null || (NodeRole)n.Role == Role)
                {
                    WriteObject(OutputMapper.ToNode(n));
                }
            },
            cancellationToken
        );
}
