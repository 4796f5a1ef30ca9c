using Grpc.Core;

namespace Swarm.Cmdlets.Sessions;

/// <summary>The answers of a traced call, counted.</summary>
internal sealed class TracedStream<T>(IAsyncStreamReader<T> answers, TracedCall call) : IAsyncStreamReader<T>
{
    public T Current => answers.Current;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        try
        {
            var more = await answers.MoveNext(cancellationToken);
            if (more)
            {
                call.Answers++;
            }
            else
            {
                call.End("");
            }
            return more;
        }
        catch (Exception e)
        {
            call.Fail(e);
            throw;
        }
    }
}
