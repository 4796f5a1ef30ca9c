using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Time.Testing;
using Swarm.Cmdlets.Errors;
using Swarm.Cmdlets.Sessions;
using Swarm.Cmdlets.Tests.Hosting;

namespace Swarm.Cmdlets.Tests;

public sealed class RetryTests
{
    [Theory]
    [InlineData("NoLeader")]
    [InlineData("OutcomeUnknown")]
    public async ValueTask A_change_between_two_leaders_is_repeated_with_its_request_id(string errorId)
    {
        await using var shell = await Shell.StartAsync();
        for (var i = 0; i < 2; i++)
        {
            shell.Fake.NextRefusals.Enqueue(FakeControl.Refuse(StatusCode.Unavailable, errorId, "Not now.", ""));
        }
        Assert.Equal("web", shell.Run("New-SwarmService web alpine").One<Service>().Name);
        var asked = shell.Fake.All<V1.CreateServiceRequest>();
        Assert.Equal(3, asked.Length);
        Assert.NotEmpty(Assert.Single(asked.Select(r => r.RequestId).Distinct()));
    }

    [Fact]
    public async ValueTask A_change_whose_connection_breaks_is_repeated_with_its_request_id()
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Fake.BreaksAfterScale = true;
        shell.Run("Invoke-SwarmScale web 5").ThrowIfFailed();
        var asked = shell.Fake.All<V1.ScaleServicesRequest>();
        Assert.Equal(2, asked.Length);
        Assert.Equal(asked[0], asked[1]);
    }

    [Theory]
    [InlineData("Remove-SwarmService web -Force", "NoLeader", "10.0.0.2:2377")] // another manager leads
    [InlineData("Remove-SwarmService web -Force", "NameConflict", "")]
    public async ValueTask A_refusal_that_stays_is_told_at_once(string script, string errorId, string target)
    {
        await using var shell = await Shell.StartAsync();
        shell.Fake.AddService("web");
        shell.Run("Get-SwarmService web").ThrowIfFailed();
        shell.Fake.Requests.Clear();
        shell.Fake.NextRefusals.Enqueue(FakeControl.Refuse(StatusCode.Unavailable, errorId, "No.", target));
        // The first call finds the service, and only reads: it is not repeated either.
        Assert.StartsWith(errorId + ",", shell.Run(script).Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((1, 0), (shell.Fake.Count<V1.ListServicesRequest>(), shell.Fake.Count<V1.RemoveServiceRequest>()));
        shell.Fake.NextRefusals.Enqueue(FakeControl.Refuse(StatusCode.Unavailable, errorId, "No.", target));
        Assert.StartsWith(errorId + ",", shell.Run("New-SwarmService db alpine").Error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(1, shell.Fake.Count<V1.CreateServiceRequest>());
    }

    [Fact]
    public async ValueTask After_some_seconds_a_person_is_told_what_is_not_known()
    {
        var time = new FakeTimeProvider();
        var calls = 0;
        var last = new RpcException(new Status(StatusCode.Unavailable, "", new HttpRequestException(HttpRequestError.ConnectionError)));
        var answer = Call(
            time,
            new V1.RemoveServiceRequest { RequestId = "r1", Selector = "web" },
            () => calls++ == 0 ? FakeControl.Refuse(StatusCode.Unavailable, "OutcomeUnknown", "Retry with the same request id.", "") : last
        );
        await Deadline.UntilAsync(
            () => answer.IsCompleted,
            "the retries to be given up",
            () => time.Advance(TimeSpan.FromMilliseconds(50))
        );
        var error = ErrorMapper.ToRecord(await Assert.ThrowsAsync<RpcException>(() => answer));
        Assert.Equal("OutcomeUnknown", error.FullyQualifiedErrorId);
        Assert.Contains("may have been made or not", error.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("Look whether it was made", error.ErrorDetails.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("request id", error.ToString(), StringComparison.Ordinal);
        Assert.InRange(calls, 6, 12);
    }

    [Fact]
    public async ValueTask A_daemon_that_is_not_there_is_told_at_once()
    {
        var calls = 0;
        var absent = new RpcException(new Status(StatusCode.Unavailable, "", new HttpRequestException(HttpRequestError.ConnectionError)));
        var answer = Call(
            new FakeTimeProvider(),
            new V1.RemoveServiceRequest { RequestId = "r1" },
            () =>
            {
                calls++;
                return absent;
            }
        );
        Assert.Same(absent, await Assert.ThrowsAsync<RpcException>(() => answer));
        Assert.Equal(1, calls);
    }

    private static Task<V1.RemoveServiceResponse> Call(TimeProvider time, V1.RemoveServiceRequest request, Func<RpcException> refusal)
    {
        var method = new Method<V1.RemoveServiceRequest, V1.RemoveServiceResponse>(
            MethodType.Unary,
            "swarm.v1.Services",
            "RemoveService",
            Marshallers.Create(m => m.ToByteArray(), V1.RemoveServiceRequest.Parser.ParseFrom),
            Marshallers.Create(m => m.ToByteArray(), V1.RemoveServiceResponse.Parser.ParseFrom)
        );
        return new ChangeRetry(time)
            .AsyncUnaryCall(
                request,
                new ClientInterceptorContext<V1.RemoveServiceRequest, V1.RemoveServiceResponse>(method, null, default),
                (_, _) =>
                    new AsyncUnaryCall<V1.RemoveServiceResponse>(
                        AsyncTask.FromException<V1.RemoveServiceResponse>(refusal()),
                        AsyncTask.FromResult(new Metadata()),
                        () => default,
                        () => [],
                        () => { }
                    )
            )
            .ResponseAsync;
    }
}
