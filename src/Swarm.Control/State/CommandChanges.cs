using Swarm.Core.State;

namespace Swarm.Control.State;

/// <summary>What an API write wants to change, worked out against applied state.</summary>
/// <param name="Changes">Empty: there is nothing to change, and nothing is proposed.</param>
/// <param name="ResultId">Id of the object that the answer is about; a retry with the same request id is answered by reading it again.</param>
public sealed record CommandChanges(IReadOnlyList<StateChange> Changes, string ResultId)
{
    /// <summary>What the decision depends on beyond the objects that it changes, e.g. <c>managers</c>. Commands that share a key do not share a batch.</summary>
    public IReadOnlyCollection<string> DependsOn { get; init; } = [];

    /// <summary>The keys of its changes, of what it depends on, and of the request.</summary>
    /// <param name="requestId">Empty: the caller did not give one.</param>
    /// <param name="state">The state that it was worked out against.</param>
    public HashSet<string> Keys(string requestId, ClusterState state)
    {
        var keys = new HashSet<string>(DependsOn, StringComparer.Ordinal);
        if (requestId.Length > 0)
        {
            keys.Add("request:" + requestId);
        }
        foreach (var change in Changes)
        {
            change.AddKeys(keys, state);
        }
        return keys;
    }

    public static CommandChanges None(string resultId) => new([], resultId);
}
