using Grpc.Core;
using Swarm.Cmdlets.Errors;

namespace Swarm.Cmdlets;

/// <summary>A cmdlet whose work is async: Ctrl+C cancels it at once, and every refusal becomes an error record in one place.</summary>
public abstract class AsyncCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    protected virtual ValueTask BeginAsync(CancellationToken cancellationToken) => default;

    protected virtual ValueTask ProcessAsync(CancellationToken cancellationToken) => default;

    protected virtual ValueTask EndAsync(CancellationToken cancellationToken) => default;

    protected sealed override void BeginProcessing() => Run(BeginAsync);

    protected sealed override void ProcessRecord() => Run(ProcessAsync);

    protected sealed override void EndProcessing() => Run(EndAsync);

    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <summary>Whether -WhatIf, or the preference, asks for a preview.</summary>
    protected bool IsWhatIf =>
        MyInvocation.BoundParameters.TryGetValue("WhatIf", out var bound)
            ? LanguagePrimitives.IsTrue(bound)
            : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    protected bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>Whether a call ended because its token was cancelled, by Ctrl+C or a limit of time.</summary>
    private protected static bool IsCancelled(Exception exception) =>
        exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };

    /// <summary>Whether a refusal is about the object at hand, so that the others of the same command can go on. Without a daemon none can.</summary>
    private protected static bool IsOfOneObject(Exception exception) =>
        exception is SwarmException or RpcException { StatusCode: not (StatusCode.Cancelled or StatusCode.Unavailable) };

    private void Run(Func<CancellationToken, ValueTask> work)
    {
        try
        {
            PipelinePump.Run(() => work(_stop.Token));
        }
        catch (Exception e) when (_stop.IsCancellationRequested && IsCancelled(e))
        {
            throw new PipelineStoppedException();
        }
        catch (RpcException e)
        {
            Report(e);
        }
        catch (Exception e) when (e is SwarmException or IOException or UnauthorizedAccessException)
        {
            Report(e);
        }
    }

    /// <summary>What a failed call is to say, by those who know more of it than the transport.</summary>
    private protected virtual Exception Explain(RpcException failure) => failure;

    /// <summary>Writes the refusal; ends the pipeline when nothing after it could work either (no daemon, no session).</summary>
    private protected void Report(Exception exception, object? target = null)
    {
        var record = ErrorMapper.ToRecord(exception is RpcException failure ? Explain(failure) : exception, target);
        if (ErrorMapper.EndsPipeline(record))
        {
            ThrowTerminatingError(record);
        }
        WriteError(record);
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
        }
    }
}
