using Grpc.Core;
using Swarm.Daemon.Tests.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Takeover;

/// <summary>An archived swarm with all its nodes, opened by the swarmd of this build on the archive's own addresses.</summary>
internal sealed class TakeoverSwarm : IAsyncDisposable
{
    private readonly AddressTurn _turn;

    private TakeoverSwarm(ArchivedSwarm archive, AddressTurn turn)
    {
        _turn = turn;
        Archive = archive;
        Clock = archive.Clock();
        Manager = ArchivedNode.Unpack(archive, "manager");
        Worker = archive.Nodes.Count > 1 ? ArchivedNode.Unpack(archive, "worker") : null;
    }

    public ArchivedSwarm Archive { get; }

    public TimeProvider Clock { get; set; }

    public ArchivedNode Manager { get; }

    /// <summary>Null: the swarm has none.</summary>
    public ArchivedNode? Worker { get; }

    public V1.ControlClient Control => Manager.Daemon.Control;

    private IEnumerable<ArchivedNode> Nodes => Worker is { } worker ? [Manager, worker] : [Manager];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Unpacked, and nothing started yet.</summary>
    public static async Task<TakeoverSwarm> UnpackAsync(string name)
    {
        var archive = ArchivedSwarm.Read(name);
        return new TakeoverSwarm(archive, await AddressTurn.TakeAsync(archive));
    }

    /// <summary>With its programs, both daemons, and the manager unlocked; every node is Ready.</summary>
    public static async Task<TakeoverSwarm> OpenAsync(string name)
    {
        var swarm = await UnpackAsync(name);
        try
        {
            swarm.StartPrograms();
            await swarm.OpenManagerAsync();
            await swarm.OpenWorkerAsync();
            await swarm.ReadyAsync();
            return swarm;
        }
        catch
        {
            await swarm.DisposeAsync();
            throw;
        }
    }

    public void StartPrograms()
    {
        foreach (var node in Nodes)
        {
            node.Programs.Start();
        }
    }

    public async Task OpenManagerAsync()
    {
        await Manager.OpenAsync(Clock);
        if (Archive.IsAutolocked)
        {
            await Control.Membership.UnlockSwarmAsync(new() { UnlockKey = Archive.UnlockKey }, cancellationToken: Cancel);
        }
    }

    public Task OpenWorkerAsync() => Worker?.OpenAsync(Clock) ?? Task.CompletedTask;

    /// <summary>Every node has a session with the manager.</summary>
    public Task<List<V1.Node>> ReadyAsync() =>
        Manager.Daemon.NodesAsync(n =>
            n.Count == Archive.Nodes.Count && n.All(static x => x is { State: V1.NodeState.Ready, StateMessage: "" })
        );

    public async Task<List<V1.Task>> TasksAsync() => await ListAsync(Control.Tasks.ListTasks(new(), cancellationToken: Cancel));

    /// <summary>A service's tasks, as soon as they are as wanted.</summary>
    public Task<List<V1.Task>> TasksAsync(string service, Func<List<V1.Task>, bool> wanted) =>
        Eventually.GetAsync(
            async () => (await TasksAsync()).FindAll(t => t.ServiceName == service),
            wanted,
            $"tasks of {service} as wanted",
            () => Manager.Daemon.Log
        );

    public static async Task<List<T>> ListAsync<T>(AsyncServerStreamingCall<T> call)
    {
        using (call)
        {
            return await Deadline.WaitAsync(call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel), "the end of a list");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes.Reverse())
        {
            await node.DisposeAsync();
        }
        _turn.Dispose();
    }
}
