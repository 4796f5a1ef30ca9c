using System.Collections;

namespace Swarm.Cmdlets.Completion;

public sealed class NodeCompleter : LiveCompleter
{
    private protected override async Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(client.Nodes.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken), cancellationToken)
            ).Select(n => new Candidate(n.Name, $"{(NodeState)n.State} {(NodeAvailability)n.Availability} {n.Id}", n.Id)),
        ];
}
