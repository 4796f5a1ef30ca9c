using Swarm.Control.State;
using Swarm.Core.Errors;

namespace Swarm.Daemon.Tests.Manager;

/// <summary>The applied state of a manager that stops while calls come in.</summary>
public sealed class StateStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_closed_state_is_refused_as_a_manager_that_is_stopping()
    {
        var store = new StateStore();
        Assert.Equal(0UL, store.Read(static s => s.Index));
        store.Close();
        var e = Assert.Throws<SwarmException>(() => store.Read(static s => s.Index));
        Assert.Equal((SwarmErrorKind.Unavailable, "NoLeader", "This manager is stopping."), (e.Kind, e.ErrorId, e.Message));
    }

    [Fact]
    public async Task A_call_that_reads_when_the_manager_ends_reads_to_its_end()
    {
        var store = new StateStore();
        using var reading = new ManualResetEventSlim();
        using var finish = new ManualResetEventSlim();
        var read = Task.Run(
            () =>
                store.Read(s =>
                {
                    reading.Set();
                    finish.Wait(Cancel);
                    return s.Index;
                }),
            Cancel
        );
        reading.Wait(Cancel);
        var closing = Task.Run(store.Close, Cancel);
        finish.Set();
        Assert.Equal(0UL, await read);
        await closing;
        Assert.Throws<SwarmException>(() => store.Read(static s => s.Index));
    }
}
