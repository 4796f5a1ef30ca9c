using Swarm.Agent.Executors.Docker;

namespace Swarm.Daemon.Tests.Executors;

public sealed class EngineSlotsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Starts_come_before_creations_and_each_in_its_order()
    {
        var slots = new EngineSlots(1);
        await slots.EnterCreationAsync(Cancel);
        var entered = new List<string>();
        async Task Enter(string name, Task turn)
        {
            await turn;
            entered.Add(name);
            slots.Leave();
        }
        Task[] all =
        [
            Enter("create 1", slots.EnterCreationAsync(Cancel)),
            Enter("create 2", slots.EnterCreationAsync(Cancel)),
            Enter("start 1", slots.EnterStartAsync(Cancel)),
            Enter("start 2", slots.EnterStartAsync(Cancel)),
        ];
        Assert.Empty(entered);
        slots.Leave();
        await Task.WhenAll(all);
        Assert.Equal(["start 1", "start 2", "create 1", "create 2"], entered);
    }

    [Fact]
    public async Task No_more_than_so_many_at_a_time()
    {
        var slots = new EngineSlots(3);
        for (var i = 0; i < 3; i++)
        {
            await slots.EnterStartAsync(Cancel);
        }
        var fourth = slots.EnterStartAsync(Cancel);
        Assert.False(fourth.IsCompleted);
        slots.Leave();
        await fourth;
    }

    [Fact]
    public async Task One_that_gives_up_takes_no_slot_with_it()
    {
        var slots = new EngineSlots(1);
        await slots.EnterStartAsync(Cancel);
        using var gaveUp = new CancellationTokenSource();
        var waits = slots.EnterStartAsync(gaveUp.Token);
        var next = slots.EnterCreationAsync(Cancel);
        await gaveUp.CancelAsync();
        var refused = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        Assert.Equal(gaveUp.Token, refused.CancellationToken);
        slots.Leave();
        await next;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slots.EnterStartAsync(gaveUp.Token));
        slots.Leave();
        await slots.EnterStartAsync(Cancel);
    }
}
