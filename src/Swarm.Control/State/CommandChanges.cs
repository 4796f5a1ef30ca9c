using Swarm.Core.State;

namespace Swarm.Control.State;

/// <summary>The changes of an API write, computed on applied state.</summary>
/// <param name="Changes">Empty: there is nothing to change, and nothing is proposed.</param>
/// <param name="ResultId">Id of the object in the answer; a retry with the same request id reads it again.</param>
public sealed record CommandChanges(IReadOnlyList<StateChange> Changes, string ResultId)
{
    /// <summary>Further dependencies of the decision beyond the changed objects, e.g. <c>managers</c>. Commands that share a key do not
    /// share a batch.</summary>
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
