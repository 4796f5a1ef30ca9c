using Swarm.Agent;
using Swarm.Agent.Executors;
using Swarm.Agent.Executors.Simulated;
using Swarm.Agent.Journal;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Agent;

/// <summary>Agents against a scripted manager, with simulated tasks.</summary>
public abstract class AgentTestBase(SimulatedHost host) : IAsyncLifetime
{
    private readonly List<NodeAgent> _agents = [];

    private protected string WorkDirectory { get; } = Directory.CreateTempSubdirectory("swarm-agent-").FullName;

    private protected SimulatedHost Host { get; } = host;

    private protected ScriptedDispatcher Manager { get; private set; } = null!;

    private protected string StateDirectory => Path.Combine(WorkDirectory, "agent");

    /// <summary>The folder of the agent's journal, and of its earlier files.</summary>
    private protected string TaskFiles => Path.Combine(StateDirectory, "tasks");

    private protected string Journal => Path.Combine(TaskFiles, "journal");

    /// <summary>The ids of the tasks that the journal holds now, in order.</summary>
    private protected IReadOnlyCollection<string> Journalled
    {
        get
        {
            var kept = new SortedSet<string>(StringComparer.Ordinal);
            foreach (var record in JournalFormat.Read(File.Exists(Journal) ? File.ReadAllBytes(Journal) : [], out _))
            {
                if (record.Task is { } task)
                {
                    kept.Add(task.TaskId);
                }
                kept.Remove(record.Removed);
            }
            return kept;
        }
    }

    private protected static ExecutorNode Node { get; } =
        new()
        {
            ClusterId = "cluster",
            NodeId = "node1",
            Hostname = "worker1",
        };

    public async ValueTask InitializeAsync() => Manager = await ScriptedDispatcher.StartAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Manager.CloseSessions();
        foreach (var agent in _agents)
        {
            await agent.DisposeAsync();
        }
        await Manager.DisposeAsync();
        Directory.Delete(WorkDirectory, recursive: true);
    }

    private protected async Task<NodeAgent> StartAgentAsync(Func<AgentOptions, AgentOptions>? change = null)
    {
        var options = new AgentOptions
        {
            Executor = new SimulatedExecutor(Node, Host),
            NodeId = "node1",
            ClusterId = "cluster",
            Managers = () => [Manager.Address],
            Connect = ScriptedDispatcher.Connect,
            StateDirectory = StateDirectory,
            RunHostCommand = (_, _) => Task.FromResult(new V1.HostAnswer()),
        };
        var agent = new NodeAgent(change?.Invoke(options) ?? options);
        _agents.Add(agent);
        await agent.StartAsync();
        return agent;
    }
}
