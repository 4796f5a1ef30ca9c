using System.IO.Pipelines;
using Swarm.Daemon.Endpoints.Admission;

namespace Swarm.Daemon.Tests.Endpoints;

/// <summary>The share of their caller's budget that calls hold.</summary>
public sealed class ChargedPipeReaderTests
{
    private readonly Pipe _pipe = new();
    private readonly CallBudget _budget = new(most: 2, mostBytes: 100);
    private int _exceeded;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ChargedPipeReader Reader(Pipe pipe, bool untilTheEnd) => new(pipe.Reader, _budget, untilTheEnd, () => _exceeded++);

    private static async Task ReadAsync(Pipe pipe, ChargedPipeReader reader, int bytes, bool consume)
    {
        await pipe.Writer.WriteAsync(new byte[bytes], Cancel);
        var result = await Deadline.WaitAsync(reader.ReadAsync(Cancel), "bytes");
        reader.AdvanceTo(consume ? result.Buffer.End : result.Buffer.Start, result.Buffer.End);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_is_held_until_its_call_ends_or_until_it_has_been_read(bool untilTheEnd)
    {
        var reader = Reader(_pipe, untilTheEnd);
        await ReadAsync(_pipe, reader, 30, consume: false);
        Assert.Equal(30, _budget.Bytes);
        await ReadAsync(_pipe, reader, 20, consume: true);
        Assert.Equal(untilTheEnd ? 50 : 0, _budget.Bytes);
        await ReadAsync(_pipe, reader, 40, consume: false);
        Assert.Equal(untilTheEnd ? 90 : 40, _budget.Bytes);
        reader.End();
        Assert.Equal(0, _budget.Bytes);
        // A read that comes after the end of the call takes nothing for ever.
        await ReadAsync(_pipe, reader, 5, consume: false);
        Assert.Equal((0, 0), (_budget.Bytes, _exceeded));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_budget_is_that_of_all_calls_and_comes_back(bool untilTheEnd)
    {
        var other = new Pipe();
        var (first, second) = (Reader(_pipe, untilTheEnd), Reader(other, untilTheEnd));
        await ReadAsync(_pipe, first, 70, consume: false);
        await ReadAsync(other, second, 30, consume: false);
        Assert.Equal((100, 0), (_budget.Bytes, _exceeded));
        await ReadAsync(other, second, 1, consume: true);
        Assert.Equal(1, _exceeded);
        second.End();
        Assert.Equal(70, _budget.Bytes);
        first.End();
        Assert.Equal(0, _budget.Bytes);
    }

    [Fact]
    public async Task The_end_is_passed_on()
    {
        var reader = Reader(_pipe, untilTheEnd: true);
        await _pipe.Writer.CompleteAsync();
        Assert.True((await Deadline.WaitAsync(reader.ReadAsync(Cancel), "the end")).IsCompleted);
        Assert.Equal((0, 0), (_budget.Bytes, _exceeded));
    }
}
