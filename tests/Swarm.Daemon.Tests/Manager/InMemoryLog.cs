using Swarm.Consensus;
using Swarm.Consensus.Errors;
using Swarm.Core.State;

namespace Swarm.Daemon.Tests.Manager;

/// <summary>A log without a disk, with faults on demand.</summary>
internal sealed class InMemoryLog(IStateMachinePort port) : IReplicatedLog
{
    private readonly SemaphoreSlim _one = new(1);
    private ulong _index;
    private bool _leads = true;

    public bool IsLeader => Volatile.Read(ref _leads);
    public string? LeaderAddress => IsLeader ? "127.0.0.1:2377" : null;
    public IReadOnlyCollection<string> Members => ["127.0.0.1:2377"];
    public event Action<bool>? LeadershipChanged;

    /// <summary>Every batch that was committed.</summary>
    public List<IReadOnlyList<StateChange>> Batches { get; } = [];

    /// <summary>Called before each batch. Its exception is thrown instead of committing, or after committing with <see cref="FailAfterCommit"/>.</summary>
    public Func<IReadOnlyList<StateChange>, ReplicatedLogException?>? Fault { get; set; }
    public bool FailAfterCommit { get; set; }

    /// <summary>Batches wait for it, so that a test can let several writes gather.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;

    public async Task<ulong> ProposeAsync(IReadOnlyList<StateChange> batch, CancellationToken cancellation)
    {
        Assert.True(await _one.WaitAsync(0, cancellation), "Two batches are in flight.");
        try
        {
            await Gate.WaitAsync(cancellation);
            if (!IsLeader)
            {
                throw new ReplicatedLogException(ReplicatedLogError.NotLeader, "not the leader");
            }
            var fault = Fault?.Invoke(batch);
            if (fault is not null && !FailAfterCommit)
            {
                throw fault;
            }
            lock (Batches)
            {
                Batches.Add(batch);
            }
            port.Apply(batch, ++_index);
            return fault is null ? _index : throw fault;
        }
        finally
        {
            _one.Release();
        }
    }

    public void SetLeader(bool leads)
    {
        Volatile.Write(ref _leads, leads);
        LeadershipChanged?.Invoke(leads);
    }

    public Task ReadBarrierAsync(CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
