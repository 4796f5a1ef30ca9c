using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Agent.Executors;
using Swarm.Core.Model;
using Swarm.DataPlane;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>The environment of an agent, which its host provides.</summary>
public sealed record AgentOptions
{
    public required ITaskExecutor Executor { get; init; }
    public required string NodeId { get; init; }
    public required string ClusterId { get; init; }

    /// <summary>Addresses of the known managers, in the order in which to try them.</summary>
    public required Func<IReadOnlyList<string>> Managers { get; init; }

    /// <summary>Opens a channel to a manager. The agent disposes it. The channel should ping (HTTP/2 keep-alive), so that a silent peer is
    /// noticed.</summary>
    public required Func<string, GrpcChannel> Connect { get; init; }

    /// <summary>Holds <c>tasks/</c>, the agent's journal of its tasks. Created if missing.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The address by which other nodes reach this node, without port.</summary>
    public string Address { get; init; } = "";
    public TimeProvider Time { get; init; } = TimeProvider.System;
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The node's networks and published ports. Null: the node has none, and no task that publishes ports comes here. The agent disposes it.</summary>
    public IDataPlane? DataPlane { get; init; }

    /// <summary>Runs a manager's command on this host.</summary>
    public required Func<V1.HostCommand, CancellationToken, Task<V1.HostAnswer>> RunHostCommand { get; init; }

    /// <summary>Called when this node was removed from the swarm and its tasks are stopped and removed.</summary>
    public Func<Task> Removed { get; init; } = () => Task.CompletedTask;

    /// <summary>Called with the managers' addresses that a manager has just sent.</summary>
    public Action<IReadOnlyList<string>> ManagersChanged { get; init; } = _ => { };

    /// <summary>Called when a manager has accepted this node's session.</summary>
    public Action SessionOpened { get; init; } = () => { };

    /// <summary>Called when a session, or the attempt to open one, has ended; with the manager's address, the reason,
    /// and the error if there was one.</summary>
    public Action<string, string, Exception?> SessionEnded { get; init; } = (_, _, _) => { };

    /// <summary>Called with the reason when the executor does not answer: without it there is no session yet.</summary>
    public Action<string> ExecutorAway { get; init; } = _ => { };

    /// <summary>Called with this node's role as a manager has just sent it, when it differs from the last.</summary>
    public Action<NodeRole> RoleChanged { get; init; } = _ => { };
}
