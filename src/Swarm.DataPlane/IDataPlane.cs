using Swarm.Core.Model;
using Swarm.Core.Networking;

namespace Swarm.DataPlane;

/// <summary>Takes connections to published ports and networks of this node to tasks, wherever these run. The agent calls it; it knows nothing of desired states.</summary>
/// <remarks>Every method may be called again after a failure or a restart of swarmd, and finds what is there.</remarks>
public interface IDataPlane : IAsyncDisposable
{
    /// <summary><c>kernel</c> or <c>user-space</c>.</summary>
    string Name { get; }

    /// <summary>The node's abilities for its tasks, in the words of <see cref="NodeDescription.Plugins"/>: <c>Port/ingress</c>, <c>Network/overlay</c>.</summary>
    IReadOnlyList<string> Capabilities { get; }

    /// <summary>Puts a table into force, instead of the one before. Completes when each new connection follows it. Connections that are there go on.</summary>
    /// <returns>Sentences for the administrator about parts that are not in force, such as a published port that another process has. Empty: all is in force.</returns>
    Task<IReadOnlyList<string>> ApplyAsync(ForwardingTable table, CancellationToken cancellation);

    /// <summary>Gives a task its place, before it is prepared.</summary>
    /// <returns>Null: the task has no ports and no networks, and needs none.</returns>
    Task<TaskEndpoint?> AttachAsync(TaskAttachment task, CancellationToken cancellation);

    /// <summary>No new connection of this node goes to the task from now on, whatever the table says. For a task that the node itself found unhealthy or ended.</summary>
    Task WithdrawAsync(string taskId, CancellationToken cancellation);

    /// <summary>Completes when the task has no connection that is in use: one that was silent for 2 s is not in use. Ends at the limit at the latest.</summary>
    /// <param name="taskId">No table names it any more.</param>
    /// <param name="targets">The target ports of its service that take TCP connections.</param>
    /// <param name="limit">The longest wait.</param>
    /// <param name="cancellation">Ends the wait with an exception.</param>
    Task DrainAsync(string taskId, IReadOnlyCollection<uint> targets, TimeSpan limit, CancellationToken cancellation);

    /// <summary>Gives the place of an ended task back. Does nothing if it has none.</summary>
    Task DetachAsync(string taskId, CancellationToken cancellation);
}
