using System.Collections;

namespace Swarm.Cmdlets.Completion;

/// <summary>-RemoveLabel: keys of labels of the nodes that -Name names. -Label: labels that any node has, as key=value.</summary>
public sealed class NodeLabelCompleter : LiveCompleter
{
    private protected override async Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        var nodes = await AllAsync(
            client.Nodes.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken),
            cancellationToken
        );
        return parameter == "Label"
            ? [.. nodes.SelectMany(n => n.Labels.Select(l => new Candidate($"{l.Key}={l.Value}", $"as on {n.Name}")))]
            :
            [
                .. nodes
                    .Where(n => IsNamed(bound, n.Name, n.Id))
                    .SelectMany(n => n.Labels)
                    .Select(l => new Candidate(l.Key, $"{l.Key}={l.Value}")),
            ];
    }
}
