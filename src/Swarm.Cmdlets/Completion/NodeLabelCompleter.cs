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
        if (parameter == "Label")
        {
            var all = await AllAsync(
                client.Nodes.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken),
                cancellationToken
            );
            return [.. all.SelectMany(n => n.Labels.Select(l => new Candidate($"{l.Key}={l.Value}", $"as on {n.Name}")))];
        }
        var named = await NamedAsync(
            bound,
            names => client.Nodes.ListNodes(new V1.ListNodesRequest { Selectors = { names } }, cancellationToken: cancellationToken),
            static n => n.Name,
            cancellationToken
        );
        return [.. named.SelectMany(n => n.Labels).Select(l => new Candidate(l.Key, $"{l.Key}={l.Value}"))];
    }
}
