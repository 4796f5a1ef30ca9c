using Swarm.Core.Model;
using Swarm.Core.Networking;

namespace Swarm.DataPlane;

/// <summary>The data plane of simulated tasks: it takes every table, and there is nothing to connect to.</summary>
/// <param name="address">The node's address, which its tasks have too.</param>
public sealed class SimulatedDataPlane(string address) : IDataPlane
{
    public string Name => "simulated";

    public IReadOnlyList<string> Capabilities { get; } = [DataPlaneCapabilities.IngressPorts];

    public Task<IReadOnlyList<string>> ApplyAsync(ForwardingTable table, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    public Task<TaskEndpoint?> AttachAsync(TaskAttachment task, CancellationToken cancellation) =>
        Task.FromResult(task?.Ports.Count > 0 ? new TaskEndpoint(address, []) : null);

    public Task WithdrawAsync(string taskId, CancellationToken cancellation) => Task.CompletedTask;

    public Task DrainAsync(string taskId, IReadOnlyCollection<uint> targets, TimeSpan limit, CancellationToken cancellation) =>
        Task.CompletedTask;

    public Task DetachAsync(string taskId, CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
