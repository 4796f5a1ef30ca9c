using Grpc.Core;
using Swarm.Wire.Errors;

namespace Swarm.Daemon.Tests.Hosting;

/// <summary>The error messages for a peer that cannot be reached.</summary>
public sealed class GrpcErrorsTests
{
    private static string Reason(StatusCode code, Exception? cause) =>
        GrpcErrors.Reason(new RpcException(new Status(code, "detail", cause)));

    [Fact]
    public void A_connection_that_does_not_come_up_is_no_answer()
    {
        // The exception of HttpClient at the end of its ConnectTimeout.
        var cause = new HttpRequestException("x", new TaskCanceledException("The operation was canceled.", new TimeoutException("y")));
        Assert.Equal("no answer in time", Reason(StatusCode.Unavailable, cause));
        Assert.Equal("no answer in time", Reason(StatusCode.Unavailable, new OperationCanceledException("The operation was canceled.")));
        Assert.Equal("no answer in time", Reason(StatusCode.DeadlineExceeded, null));
    }

    [Fact]
    public void Else_it_is_the_innermost_cause()
    {
        Assert.Equal(
            "Connection refused",
            Reason(StatusCode.Unavailable, new HttpRequestException("x", new IOException("Connection refused")))
        );
        Assert.Equal("detail", Reason(StatusCode.Unavailable, null));
    }
}
