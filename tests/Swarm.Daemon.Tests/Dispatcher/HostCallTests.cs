using Swarm.Control.Hosts;
using Swarm.Core.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Dispatcher;

/// <summary>Host commands over an agent's session: the answer comes back, or an error names the obstacle.</summary>
public sealed class HostCallTests
{
    private static readonly V1.HostCommand Command = new() { Firewall = new V1.FirewallCommand { Action = V1.FirewallAction.Add } };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<V1.HostCall> CallAsync(ScriptedAgent agent)
    {
        while (true)
        {
            if ((await agent.ReadAsync())!.HostCall is { } call)
            {
                return call;
            }
        }
    }

    [Fact]
    public async Task A_command_reaches_the_node_and_its_answer_comes_back()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        using var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        INodeHosts hosts = grpc.Manager.Runtime.Agents;
        var first = hosts.RunAsync("n1", "worker1", Command, Cancel);
        var second = hosts.RunAsync("n1", "worker1", new V1.HostCommand { Check = new V1.HostCheckCommand() }, Cancel);
        V1.HostCall[] calls = [await CallAsync(agent), await CallAsync(agent)];
        Assert.Contains(Command, calls.Select(c => c.Command));
        // The answers come in the other order, with another that has no call.
        foreach (var call in calls.Append(new V1.HostCall { Number = 99 }).Reverse())
        {
            var answer = new V1.HostAnswer { Firewall = new V1.FirewallReport { Commands = { $"{call.Command?.CommandCase}" } } };
            await agent.SendAsync(
                new V1.AgentMessage
                {
                    HostReply = new V1.HostReply { Number = call.Number, Answer = answer },
                }
            );
        }
        Assert.Equal("Firewall", (await first).Firewall.Commands.Single());
        Assert.Equal("Check", (await second).Firewall.Commands.Single());
    }

    [Fact]
    public async Task A_node_without_a_session_is_named()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        INodeHosts hosts = grpc.Manager.Runtime.Agents;
        var refused = await Assert.ThrowsAsync<SwarmException>(() => hosts.RunAsync("n1", "worker1", Command, Cancel));
        Assert.Equal(("NodeNotConnected", "worker1"), (refused.ErrorId, refused.Target));
    }

    [Fact]
    public async Task A_session_that_ends_before_the_answer_leaves_nobody_waiting()
    {
        await using var grpc = await GrpcManager.StartAsync();
        await grpc.Manager.AddNodeAsync("n1");
        var agent = await grpc.ConnectAsync("n1");
        await agent.ReadUntilAsync(() => agent.Sets.Count == 1);
        INodeHosts hosts = grpc.Manager.Runtime.Agents;
        var waiting = hosts.RunAsync("n1", "worker1", Command, Cancel);
        await CallAsync(agent);
        agent.Dispose();
        var refused = await Assert.ThrowsAsync<SwarmException>(() => waiting);
        Assert.Equal(("NodeDoesNotAnswer", "worker1"), (refused.ErrorId, refused.Target));
    }

    [Fact]
    public void A_refusal_of_the_host_becomes_the_status_and_names_the_node()
    {
        var answer = new V1.HostAnswer
        {
            Error = new V1.HostError
            {
                ErrorId = "FirewallAmbiguous",
                Message = "More than one firewall filters.",
                Target = "ufw",
                Action = "Choose.",
            },
        };
        var refused = Assert.Throws<SwarmException>(() => HostAnswers.Respond(answer, "n1", "worker1"));
        Assert.Equal(
            (SwarmErrorKind.FailedPrecondition, "FirewallAmbiguous", "worker1: More than one firewall filters.", "worker1", "Choose."),
            (refused.Kind, refused.ErrorId, refused.Message, refused.Target, refused.Action)
        );
    }
}
