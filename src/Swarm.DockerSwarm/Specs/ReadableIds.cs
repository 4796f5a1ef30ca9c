using System.Text.RegularExpressions;
using Swarm.Control.Reading;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Puts names in the place of ids in the engine's messages. SwarmKit writes ids, and people know their objects by name.</summary>
internal static partial class ReadableIds
{
    /// <param name="message">The engine's message.</param>
    /// <param name="state">The mirrored services, nodes and tasks.</param>
    /// <param name="networks">The engine's networks, where the message may be about one.</param>
    /// <returns>The message. An id that nothing has here stays, and so does one in parentheses behind its name.</returns>
    public static string In(string message, ClusterState state, NetworkNames? networks = null) =>
        Word().Replace(message, m => networks?.NameOf(m.Value) ?? NameOf(m.Value, state) ?? m.Value);

    private static string? NameOf(string id, ClusterState state) =>
        state.FindService(id)?.Spec.Name
        ?? state.FindNode(id)?.Name
        ?? (state.FindTask(id) is { } task ? TaskNames.NameOf(task, Selectors.ServiceNameOf(state, task)) : null);

    [GeneratedRegex(@"(?<!\()\b[0-9a-z]+\b")]
    private static partial Regex Word();
}
