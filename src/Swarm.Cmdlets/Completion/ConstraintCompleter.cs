using System.Collections;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes constraints from the properties of the nodes.</summary>
public sealed class ConstraintCompleter : LiveCompleter
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
        List<string> all = ["node.role==manager", "node.role==worker"];
        foreach (var node in nodes)
        {
            all.Add($"node.id=={node.Id}");
            all.Add($"node.hostname=={node.Name}");
            all.AddRange(node.Labels.Select(l => $"node.labels.{l.Key}=={l.Value}"));
            if (node.Description is { } d)
            {
                all.AddRange((d.Engine?.Labels ?? []).Select(l => $"engine.labels.{l.Key}=={l.Value}"));
                all.Add($"node.platform.os=={d.Platform?.Os}");
                all.Add($"node.platform.arch=={d.Platform?.Architecture}");
            }
        }
        return [.. all.Select(c => new Candidate(c, $"{c}, or != for the opposite"))];
    }
}
