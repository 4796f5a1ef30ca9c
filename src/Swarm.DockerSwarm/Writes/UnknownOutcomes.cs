using System.Collections.Concurrent;
using Swarm.Control.State;
using Swarm.Core.State;
using Swarm.DockerSwarm.Specs;

namespace Swarm.DockerSwarm.Writes;

/// <summary>Writes that were sent to an engine whose answer never came. They may have been made: a retry of a create must not find its own service and call the
/// name taken, nor a retry of a removal call it unknown. Networks have <see cref="SentRequests{T}"/>, init and join <see cref="SwarmEntry"/>.</summary>
/// <remarks>In memory only: after a restart of swarmd a retry is judged as a new request. Updates need none of this: a caller that names the version it has read
/// is told of the conflict, and one that does not makes the same change again.</remarks>
internal sealed class UnknownOutcomes
{
    /// <summary>Nobody retries the same request later than this.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, (CommandChanges Changes, DateTimeOffset At)> _sent = new(StringComparer.Ordinal);

    public void Add(string requestId, CommandChanges changes, DateTimeOffset now)
    {
        if (requestId.Length > 0)
        {
            _sent[requestId] = (changes, now);
        }
    }

    /// <summary>Records of the writes that the state shows as made; they are not looked for again.</summary>
    public IReadOnlyList<StateChange> Settle(ClusterState state, DateTimeOffset now)
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
                records.Add(new StateChange.RequestRecord(requestId, id, now));
            }
            else if (now - at < Kept)
            {
                continue;
            }
            _sent.TryRemove(requestId, out _);
        }
        return records;
    }

    /// <returns>The id of the result, or null when it is not there.</returns>
    private static string? Made(ClusterState state, CommandChanges changes) =>
        changes.Changes switch
        {
            // The name was free when the request was sent: a service of this name that is the same to the letter, as it was written for the engine, is the one that was asked for.
            [StateChange.ServiceCreate c, ..]
                when state.FindServiceByName(c.Service.Spec.Name) is { } found
                    && found.Spec == DockerServiceSpec.Read(DockerServiceSpec.New(c.Service.Spec)) => found.Id,
            [StateChange.ServiceRemove c] when state.FindService(c.ServiceId) is null => changes.ResultId,
            [StateChange.NodeRemove c] when state.FindNode(c.NodeId) is null => changes.ResultId,
            _ => null,
        };
}
