using System.Collections;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes placement preferences from the labels of the nodes.</summary>
public sealed class SpreadCompleter : LiveCompleter
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
        return
        [
            .. Spreads("node.labels.", nodes.SelectMany(n => n.Labels)),
            .. Spreads("engine.labels.", nodes.SelectMany(n => n.Description?.Engine?.Labels ?? [])),
        ];
    }

    private static IEnumerable<Candidate> Spreads(string prefix, IEnumerable<KeyValuePair<string, string>> labels) =>
        labels
            .GroupBy(l => l.Key, l => l.Value)
            .Select(g => new Candidate(
                $"spread={prefix}{g.Key}",
                "values: " + string.Join(", ", g.Distinct().Order(StringComparer.Ordinal))
            ));
}
