using Swarm.Control.Reading;
using Swarm.Core.Orchestration;
using Swarm.Core.State;

namespace Swarm.Daemon.Tests.Api;

public sealed class PreviewMessageTests
{
    [Fact]
    public void A_small_preview_is_whole()
    {
        var preview = PreviewMessage.Of([Create(1), Keep(2)], new ClusterState());
        Assert.Equal(["create", "keep"], preview.Actions.Select(a => a.Action));
        Assert.Equal(["web.1", "web.2"], preview.Actions.Select(a => a.TaskName));
        Assert.Empty(preview.More);
    }

    [Fact]
    public void A_preview_of_any_number_of_tasks_fits_into_a_message()
    {
        const int Tasks = 100_000;
        var preview = PreviewMessage.Of([.. Enumerable.Range(0, Tasks).Select(i => i % 4 == 0 ? Keep(i) : Create(i))], new ClusterState());
        Assert.InRange(preview.CalculateSize(), PreviewMessage.LargestSize / 2, PreviewMessage.LargestSize + 100);
        Assert.Equal("web.0", preview.Actions[0].TaskName);
        Assert.Equal(["create", "keep"], preview.More.Select(m => m.Action));
        foreach (var (action, count) in new[] { ("create", Tasks * 3 / 4), ("keep", Tasks / 4) })
        {
            Assert.Equal(
                count,
                preview.Actions.Count(a => a.Action == action) + (int)Assert.Single(preview.More, m => m.Action == action).Count
            );
        }
    }

    [Fact]
    public void An_action_that_is_larger_than_the_room_is_counted()
    {
        var large = Create(1) with { Detail = new string('x', PreviewMessage.LargestSize) };
        var preview = PreviewMessage.Of([large, Create(2)], new ClusterState());
        Assert.Empty(preview.Actions);
        Assert.Equal(2u, Assert.Single(preview.More).Count);
    }

    private static PlannedAction Create(int slot) => new(PlannedActionKind.Create, $"web.{slot}", "", "", "no suitable node");

    private static PlannedAction Keep(int slot) => new(PlannedActionKind.Keep, $"web.{slot}", "0123456789abcdefghijklmno", "", "");
}
