using Swarm.Core.Model;

namespace Swarm.Core.Scheduling;

/// <summary>Counts the nodes that one filter refuses, by its explanation.</summary>
internal sealed class RefusalCount
{
    private const int DetailsShown = 3;

    private readonly SortedDictionary<string, int> _nodesByDetail = new(StringComparer.Ordinal);
    private int _nodes;

    public void Add(string detail)
    {
        _nodes++;
        _nodesByDetail[detail] = _nodesByDetail.GetValueOrDefault(detail) + 1;
    }

    /// <summary>The explanation alone when it is the same for all nodes, else the most frequent ones with the number of nodes
    /// each.</summary>
    public PendingReason ToReason(string filter)
    {
        if (_nodesByDetail.Count == 1)
        {
            return new PendingReason(filter, _nodes, _nodesByDetail.Keys.First());
        }
        var shown = _nodesByDetail
            .OrderByDescending(d => d.Value)
            .ThenBy(d => d.Key, StringComparer.Ordinal)
            .Take(DetailsShown)
            .Select(d => $"{d.Key} ({d.Value})");
        var more = _nodesByDetail.Count > DetailsShown ? $"; {_nodesByDetail.Count - DetailsShown} more" : "";
        return new PendingReason(filter, _nodes, string.Join("; ", shown) + more);
    }
}
