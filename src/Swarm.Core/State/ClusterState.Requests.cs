namespace Swarm.Core.State;

/// <content>The outcomes of API writes.</content>
public sealed partial class ClusterState
{
    /// <summary>Outcomes of API writes kept for retries; older ones are forgotten first.</summary>
    public const int RequestsKept = 1024;

    private readonly Dictionary<string, StateChange.RequestRecord> _requests = new(StringComparer.Ordinal);
    private readonly Queue<string> _requestOrder = new();

    /// <summary>The outcome of an earlier API write with this request id, or null.</summary>
    public StateChange.RequestRecord? FindRequest(string requestId) =>
        _requests.GetValueOrDefault(requestId) ?? _origin?.FindRequest(requestId);

    private IEnumerable<StateChange.RequestRecord> RequestsInOrder =>
        (_origin?.RequestsInOrder ?? []).Concat(_requestOrder.Select(id => _requests[id]));

    private void Record(StateChange.RequestRecord request)
    {
        if (_origin?.FindRequest(request.RequestId) is null && _requests.TryAdd(request.RequestId, request))
        {
            _requestOrder.Enqueue(request.RequestId);
            if (_requestOrder.Count > RequestsKept)
            {
                _requests.Remove(_requestOrder.Dequeue());
            }
        }
    }
}
