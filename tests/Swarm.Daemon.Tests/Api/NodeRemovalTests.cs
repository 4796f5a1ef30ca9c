using Swarm.Core.Model;
using Swarm.Daemon.Tests.Dispatcher;

namespace Swarm.Daemon.Tests.Api;

public sealed class NodeRemovalTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(NodeState.Unknown)]
    [InlineData(NodeState.Disconnected)]
    [InlineData(NodeState.Down)]
    public async Task A_node_that_is_not_ready_is_removed_without_force(NodeState state)
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n2", state);
        await grpc.Control.Nodes.RemoveNodeAsync(new() { Selector = "n2" }, cancellationToken: Cancel);
        Assert.Null(grpc.Manager.Runtime.State.Read(s => s.FindNode("n2")));
    }
}
