using System.IO.Pipelines;
using Swarm.Daemon.Endpoints.Bodies;

namespace Swarm.Daemon.Tests.Endpoints;

/// <summary>A peer's bytes, up to a number.</summary>
public sealed class BoundedPipeReaderTests
{
    private readonly Pipe _pipe = new();
    private int _exceeded;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<int> ReadAsync(BoundedPipeReader reader, bool consume)
    {
        var result = await Deadline.WaitAsync(reader.ReadAsync(Cancel), "bytes");
        var length = (int)result.Buffer.Length;
        reader.AdvanceTo(consume ? result.Buffer.End : result.Buffer.Start, result.Buffer.End);
        return length;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_count_whether_they_are_consumed_or_gathered(bool consume)
    {
        var reader = new BoundedPipeReader(_pipe.Reader, 100, () => _exceeded++);
        await _pipe.Writer.WriteAsync(new byte[60], Cancel);
        Assert.Equal(60, await ReadAsync(reader, consume));
        await _pipe.Writer.WriteAsync(new byte[40], Cancel);
        Assert.Equal(consume ? 40 : 100, await ReadAsync(reader, consume));
        Assert.Equal(0, _exceeded);
        await _pipe.Writer.WriteAsync(new byte[1], Cancel);
        await ReadAsync(reader, consume);
        Assert.Equal(1, _exceeded);
    }

    [Fact]
    public async Task The_end_is_passed_on()
    {
        var reader = new BoundedPipeReader(_pipe.Reader, 100, () => _exceeded++);
        await _pipe.Writer.CompleteAsync();
        Assert.True((await Deadline.WaitAsync(reader.ReadAsync(Cancel), "the end")).IsCompleted);
        Assert.Equal(0, _exceeded);
    }
}
