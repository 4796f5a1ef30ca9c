using System.Globalization;
using System.Text.RegularExpressions;
using Swarm.Control.State;
using Swarm.Core.Model;
using Swarm.Core.Scheduling;
using Swarm.Core.State;

namespace Swarm.DockerSwarm.Mirror;

/// <summary>Finds the reasons of each pending task by our filters on the mirrored state. Docker gives them in one sentence, without the
/// nodes.</summary>
internal static partial class MirrorPending
{
    /// <summary>Docker's text for a filter, and our name of it. Source: moby/swarmkit manager/scheduler/filter.go, Explain.</summary>
    private static readonly (string Words, string Filter)[] Filters =
    [
        ("not available for new tasks", "ready"),
        ("insufficient resources", "resources"),
        ("missing plugin", "plugins"),
        ("constraints not satisfied", "constraints"),
        ("unsupported platform", "platform"),
        ("port already in use", "ports"),
        ("max replicas per node", "max-replicas"),
    ];

    public static void Update(StateStore store)
    {
        var changes = store.Read(Changes);
        if (changes.Count > 0)
        {
            store.Apply(changes, store.Read(static s => s.Index));
        }
    }

    /// <summary>Parses Docker's sentence: <c>no suitable node (scheduling constraints not satisfied on 3 nodes; …)</c>.</summary>
    public static PendingReasons? Parse(string error)
    {
        var reasons = new List<PendingReason>();
        foreach (
            var part in error[(error.IndexOf('(', StringComparison.Ordinal) + 1)..].TrimEnd(')').Split(';', StringSplitOptions.TrimEntries)
        )
        {
            var nodes = NodeCount().Match(part) is { Success: true } match
                ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
                : 0;
            foreach (var (words, filter) in Filters)
            {
                if (part.Contains(words, StringComparison.OrdinalIgnoreCase))
                {
                    reasons.Add(new PendingReason(filter, nodes, part));
                    break;
                }
            }
        }
        return reasons.Count == 0 ? null : new PendingReasons(reasons.ToValueList());
    }

    private static List<StateChange> Changes(ClusterState state)
    {
        var changes = new List<StateChange>();
        Scheduler? scheduler = null;
        var known = new Dictionary<(string, ulong), PendingReasons?>();
        foreach (var task in state.Tasks)
        {
            PendingReasons? reasons = null;
            // Without an error the scheduler has not tried yet.
            if (task is { NodeId: null, IsLive: true, Status: { State: TaskState.Pending, Error.Length: > 0 } })
            {
                var key = (task.ServiceId, task.Revision);
                if (!known.TryGetValue(key, out reasons))
                {
                    if (scheduler is null)
                    {
                        scheduler = new Scheduler(state);
                        scheduler.Reset();
                    }
                    // Filters that only Docker has (plugins of networks and of logs) are known by their text alone.
                    reasons =
                        (state.FindTaskSpec(task.ServiceId, task.Revision) is { } spec ? scheduler.Refusals(spec, task.ServiceId) : null)
                        ?? Parse(task.Status.Error);
                    known[key] = reasons;
                }
            }
            if (task.Pending != reasons)
            {
                changes.Add(new StateChange.TaskPendingSet(task.Id, reasons));
            }
        }
        return changes;
    }

    [GeneratedRegex(@"(?:on )?(\d+) nodes?\b", RegexOptions.CultureInvariant)]
    private static partial Regex NodeCount();
}
