using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Remove, "SwarmNode", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(Node))]
public sealed class RemoveSwarmNodeCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Node)]
    [Alias("Id", "NodeId")]
    [ArgumentCompleter(typeof(NodeCompleter))]
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
        foreach (var node in await FindNodesAsync(Name, cancellationToken))
        {
            var request = new V1.RemoveNodeRequest
            {
                RequestId = NewRequestId(),
                Selector = node.Id,
                Force = Force,
            };
            try
            {
                if (await ApproveAsync(node.Name, "Remove node", token => PreviewAsync(request, token), Force, cancellationToken))
                {
                    await Client.Nodes.RemoveNodeAsync(request, cancellationToken: cancellationToken);
                    _removed[node.Id] = node.Name;
                    if (PassThru)
                    {
                        WriteObject(OutputMapper.ToNode(node));
                    }
                }
            }
            catch (Exception e) when (IsOfOneObject(e))
            {
                Report(e, node.Name);
            }
        }
    }

    // Follows all nodes at the same time.
    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (Wait)
        {
            await WaitForNodesAsync(_removed, NodeGoal.Removed, Timeout, cancellationToken);
        }
    }

    private async Task<V1.Preview?> PreviewAsync(V1.RemoveNodeRequest request, CancellationToken cancellationToken)
    {
        var dry = request.Clone();
        dry.DryRun = true;
        return (await Client.Nodes.RemoveNodeAsync(dry, cancellationToken: cancellationToken)).Preview;
    }
}
