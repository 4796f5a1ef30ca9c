using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Agent.Executors;
using Swarm.Core.Model;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>What an agent needs of its host.</summary>
public sealed record AgentOptions
{
    public required ITaskExecutor Executor { get; init; }
    public required string NodeId { get; init; }
    public required string ClusterId { get; init; }

    /// <summary>Addresses of the managers known now, in the order in which they are to be tried.</summary>
    public required Func<IReadOnlyList<string>> Managers { get; init; }

    /// <summary>Opens a channel to a manager. The agent disposes it. It should ping (HTTP/2 keep-alive), so that a silent peer is noticed.</summary>
    public required Func<string, GrpcChannel> Connect { get; init; }

    /// <summary>Holds <c>tasks/</c>, the agent's memory of its tasks. Created if missing.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Where this node can be reached by others, without port.</summary>
    public string Address { get; init; } = "";
    public TimeProvider Time { get; init; } = TimeProvider.System;
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Does on this host what a manager asks for.</summary>
    public required Func<V1.HostCommand, CancellationToken, Task<V1.HostAnswer>> RunHostCommand { get; init; }

    /// <summary>This node was removed from the swarm; its tasks are stopped and gone when this is called.</summary>
    public Func<Task> Removed { get; init; } = () => Task.CompletedTask;

    /// <summary>The managers' addresses as a manager has just told them.</summary>
    public Action<IReadOnlyList<string>> ManagersChanged { get; init; } = _ => { };

    /// <summary>A manager has accepted this node's session.</summary>
    public Action SessionOpened { get; init; } = () => { };

    /// <summary>A session, or the attempt to open one, has ended; with the manager's address and the reason.</summary>
    public Action<string, string> SessionEnded { get; init; } = (_, _) => { };

    /// <summary>The executor does not answer, with the reason: without it there is no session yet.</summary>
    public Action<string> ExecutorAway { get; init; } = _ => { };

    /// <summary>This node's role as a manager has just told it; called when it differs from the last.</summary>
    public Action<NodeRole> RoleChanged { get; init; } = _ => { };
}
