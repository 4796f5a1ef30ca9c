using System.Security.Cryptography;
using Swarm.Consensus;
using Swarm.Consensus.Errors;
using Swarm.Control.Objects;
using Swarm.Control.Reading;
using Swarm.Control.State;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.State;
using Swarm.Manager.Dispatcher;
using Swarm.Manager.Leader;

namespace Swarm.Manager;

/// <summary>A running manager: log, state, the leader's loop, the dispatcher and the part of the API that answers from them.</summary>
public sealed class ManagerRuntime : IAsyncDisposable
{
    private readonly LeaderLoop _loop;
    private volatile bool _hasState;

    internal LeaderLoop Loop => _loop;

    private ManagerRuntime(ManagerRuntimeOptions options)
    {
        Options = options;
        State = new StateStore();
        Log = options.CreateLog(State);
        Log.LeadershipChanged += leads => _hasState |= leads;
        _loop = new LeaderLoop(
            State,
            Log,
            options.Time,
            new IdSource(static bytes => RandomNumberGenerator.Fill(bytes)),
            options.LoggerFactory.CreateLogger<LeaderLoop>()
        );
        Agents = new AgentSessions(
            State,
            _loop,
            Log,
            new DispatcherOptions(options.ClusterAddress, options.AssignmentBatching, options.Time, options.LoggerFactory)
        );
        Objects = new SwarmObjects(
            State,
            _loop,
            Log,
            new SwarmObjectsOptions
            {
                NodeId = () => options.NodeId,
                ClusterAddress = () => options.ClusterAddress,
                ResolveImage = options.ResolveImage,
                Time = options.Time,
                LeaderWait = options.LeaderWait,
            }
        );
    }

    public ManagerRuntimeOptions Options { get; }
    public StateStore State { get; }
    public IReplicatedLog Log { get; }

    /// <summary>True once everything is applied that was committed before this start. Until then this manager knows neither all nodes nor what was
    /// revoked.</summary>
    /// <remarks>A leader has applied it. A manager that follows another one would need a read barrier of its own: a swarm has one manager so
    /// far.</remarks>
    public bool HasState => _hasState || Log.IsLeader;

    /// <summary>The API's areas of nodes, services, tasks and events answer from these.</summary>
    public SwarmObjects Objects { get; }

    /// <summary>The agents' sessions, for the Dispatcher service.</summary>
    public AgentSessions Agents { get; }

    /// <summary>Recovers the state on disk and starts the loops. With a bootstrap batch it returns once that is committed.</summary>
    /// <exception cref="ReplicatedLogException">The log cannot be opened.</exception>
    public static async Task<ManagerRuntime> StartAsync(ManagerRuntimeOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var runtime = new ManagerRuntime(options);
        try
        {
            await runtime.Log.StartAsync(cancellation);
            runtime._loop.Start();
            if (options.Bootstrap is { } bootstrap)
            {
                await runtime.WaitForLeadershipAsync(cancellation);
                await runtime._loop.ExecuteAsync(
                    "",
                    state => state.Cluster is null ? new CommandChanges(bootstrap, "") : CommandChanges.None(""),
                    static (_, _) => true,
                    cancellation
                );
            }
            return runtime;
        }
        catch
        {
            await runtime.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc cref="LeaderLoop.ExecuteAsync{T}"/>
    public async Task<T> ExecuteAsync<T>(
        string requestId,
        Func<ClusterState, CommandChanges> prepare,
        Func<ClusterState, string, T> result,
        CancellationToken cancellation
    )
    {
        await Leadership.WaitAsync(Log, Options.LeaderWait, Options.Time, cancellation);
        return await _loop.ExecuteAsync(requestId, prepare, result, cancellation);
    }

    /// <summary>A node by id, name or unique id prefix, from the leader, which holds the agents' sessions.</summary>
    /// <exception cref="SwarmException">NodeNotFound, NoLeader.</exception>
    public async Task<Core.Model.Node> FindNodeAsync(string selector, CancellationToken cancellation)
    {
        await Leadership.WaitAsync(Log, Options.LeaderWait, Options.Time, cancellation);
        return State.Read(state => Selectors.Node(state, selector));
    }

    /// <summary>Ends the sessions and loops, then the log.</summary>
    public async ValueTask DisposeAsync()
    {
        await Agents.DisposeAsync();
        await _loop.DisposeAsync();
        await Log.DisposeAsync();
        State.Close();
    }

    private Task WaitForLeadershipAsync(CancellationToken cancellation) =>
        Leadership.WaitAsync(Log, TimeSpan.FromSeconds(30), Options.Time, cancellation);
}
