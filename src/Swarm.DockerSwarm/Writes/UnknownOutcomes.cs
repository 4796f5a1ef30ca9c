using System.Collections.Concurrent;
using Swarm.Control.State;
using Swarm.Core.State;
using Swarm.DockerSwarm.Specs;

namespace Swarm.DockerSwarm.Writes;

/// <summary>Writes that were sent to an engine whose answer never came. They may have been made. So the retry of a create must not fail
/// because of its own service's name. The retry of a removal must not fail because the service is gone. Networks have
/// <see cref="SentRequests{T}"/>, init and join <see cref="SwarmEntry"/>.</summary>
/// <remarks>In memory only: after a restart of swarmd a retry counts as a new request. Updates need no record. A caller that names the
/// version it has read gets the conflict, and a caller that does not makes the same change again.</remarks>
internal sealed class UnknownOutcomes(TimeProvider time)
{
    /// <summary>Nobody retries the same request later than this.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, (CommandChanges Changes, long At)> _sent = new(StringComparer.Ordinal);

    public void Add(string requestId, CommandChanges changes)
    {
        if (requestId.Length > 0)
        {
            _sent[requestId] = (changes, time.GetTimestamp());
        }
    }

    /// <summary>Records of the writes that the state shows as made; they are no longer looked for.</summary>
    public IReadOnlyList<StateChange> Settle(ClusterState state)
    {
        if (_sent.IsEmpty)
        {
            return [];
        }
        var records = new List<StateChange>();
        foreach (var (requestId, (changes, at)) in _sent)
        {
            if (Made(state, changes) is { } id)
            {
                records.Add(new StateChange.RequestRecord(requestId, id, time.GetUtcNow()));
            }
            else if (time.GetElapsedTime(at) < Kept)
            {
                continue;
            }
            _sent.TryRemove(requestId, out _);
        }
        return records;
    }

    /// <returns>The id of the result, or null when it does not exist.</returns>
    private static string? Made(ClusterState state, CommandChanges changes) =>
        changes.Changes switch
        {
            // The name was free when the request was sent. So a service of this name is the requested one if it equals what was written for
            // the engine.
            [StateChange.ServiceCreate c, ..]
                when state.FindServiceByName(c.Service.Spec.Name) is { } found
                    && found.Spec == DockerServiceSpec.Read(DockerServiceSpec.New(c.Service.Spec)) => found.Id,
            [StateChange.ServiceRemove c] when state.FindService(c.ServiceId) is null => changes.ResultId,
            [StateChange.NodeRemove c] when state.FindNode(c.NodeId) is null => changes.ResultId,
            _ => null,
        };
}
