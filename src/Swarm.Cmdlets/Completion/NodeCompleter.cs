using System.Collections;

namespace Swarm.Cmdlets.Completion;

public sealed class NodeCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(client.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken), cancellationToken)
            ).Select(n => (n.Name, $"{(NodeState)n.State} {(NodeAvailability)n.Availability} {n.Id}")),
        ];
}
