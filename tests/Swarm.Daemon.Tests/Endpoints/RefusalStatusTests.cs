using System.Text;
using Grpc.Core;
using Swarm.Core.Errors;
using Swarm.Wire.Errors;

namespace Swarm.Daemon.Tests.Endpoints;

/// <summary>Errors as statuses, which are headers of a limited size.</summary>
public sealed class RefusalStatusTests
{
    /// <summary>Bytes of all headers together. Clients of .NET accept twice as many.</summary>
    private const int MostHeaders = 32 * 1024;

    [Theory]
    [InlineData("x")]
    [InlineData("ü")]
    [InlineData("語")]
    [InlineData("🐋")]
    public void The_longest_error_of_any_letters_fits_the_headers(string letter)
    {
        var text = string.Concat(Enumerable.Repeat(letter, 70_000));
        var e = RefusalStatus.ToRpcException(new SwarmException(SwarmErrorKind.InvalidArgument, "InvalidName", text, text, text));
        Assert.StartsWith(letter, e.Status.Detail, StringComparison.Ordinal);
        Assert.EndsWith(letter + "…", e.Status.Detail, StringComparison.Ordinal);
        // gRPC writes each byte that is not printable ASCII with three characters.
        var message = Encoding.UTF8.GetBytes(e.Status.Detail).Sum(static b => b is >= 0x20 and <= 0x7e ? 1 : 3);
        var trailers = e.Trailers.Sum(static t => t.Key.Length + (t.IsBinary ? (t.ValueBytes.Length + 2) / 3 * 4 : t.Value.Length));
        Assert.InRange(message + trailers, 1, MostHeaders);
    }

    [Fact]
    public void A_message_that_fits_is_left_alone()
    {
        var text = new string('x', RefusalStatus.LongestMessage);
        var e = RefusalStatus.ToRpcException(new SwarmException(SwarmErrorKind.NotFound, "ServiceNotFound", text));
        Assert.Equal((StatusCode.NotFound, text), (e.StatusCode, e.Status.Detail));
    }
}
