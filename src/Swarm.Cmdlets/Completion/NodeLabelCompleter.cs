using System.Collections;

namespace Swarm.Cmdlets.Completion;

/// <summary>Labels of the node that -Name names, else of every node.</summary>
public sealed class NodeLabelCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        var name = Bound<string>(bound, "Name");
        var nodes = await AllAsync(client.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken), cancellationToken);
        return
        [
            .. nodes
                .Where(n => name is null || n.Name == name || n.Id == name)
                .SelectMany(n => n.Labels)
                .Select(l => (l.Key, $"{l.Key}={l.Value}")),
        ];
    }
}
