using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Swarm.Cmdlets.Errors;

namespace Swarm.Cmdlets.Sessions;

/// <summary>A call that a command wants to know of. It is told once, when it ends.</summary>
internal sealed class TracedCall
{
    private readonly CallObserver _observer;
    private readonly TimeProvider _time;
    private readonly string _what;
    private readonly long _began;
    private int _ended;

    /// <param name="observer">Whom to tell.</param>
    /// <param name="endpoint">The socket, or the managers.</param>
    /// <param name="method">The RPC.</param>
    /// <param name="request">Shown with masks.</param>
    /// <param name="time">Measures the duration.</param>
    public TracedCall(CallObserver observer, string endpoint, IMethod method, object? request, TimeProvider time)
    {
        (_observer, _time) = (observer, time);
        var area = method.ServiceName[(method.ServiceName.LastIndexOf('.') + 1)..];
        _what = $"{endpoint}: {area}/{method.Name}";
        if (observer.WantsRequests && request is IMessage message)
        {
            observer.Show($"{_what} {MaskedRequest.Text(message)}");
        }
        _began = time.GetTimestamp();
    }

    /// <summary>The answers of a stream so far.</summary>
    public int Answers { get; set; }

    public async Task<TResponse> FollowAsync<TResponse>(Task<TResponse> response)
    {
        try
        {
            var answer = await response;
            End("");
            return answer;
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }
    }

    public void Fail(Exception exception) =>
        End(
            exception is RpcException { StatusCode: not StatusCode.Cancelled } refused
                ? $", {refused.StatusCode} ({ErrorMapper.IdOf(refused)})"
                : ", cancelled"
        );

    /// <param name="how">How it ended, after a comma; empty: well.</param>
    public void End(string how)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }
        var milliseconds = _time.GetElapsedTime(_began).TotalMilliseconds;
        var answers = Answers switch
        {
            0 => "",
            1 => ", 1 answer",
            _ => $", {Answers} answers",
        };
        _observer.Tell(string.Create(CultureInfo.InvariantCulture, $"{_what} took {milliseconds:0.#} ms{answers}{how}."));
    }
}
