using Grpc.Core;
using Swarm.Cmdlets.Errors;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets;

/// <summary>A cmdlet whose work is async. Ctrl+C cancels it at once, and every error becomes an error record in one place. So does every word
/// to the user: a text of a node or an engine must not command the terminal.</summary>
public abstract class AsyncCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _ofObjects = new(StringComparer.OrdinalIgnoreCase);
    private HashSet<string> _commandLine = [];

    protected virtual ValueTask BeginAsync(CancellationToken cancellationToken) => default;

    protected virtual ValueTask ProcessAsync(CancellationToken cancellationToken) => default;

    protected virtual ValueTask EndAsync(CancellationToken cancellationToken) => default;

    protected sealed override void BeginProcessing()
    {
        _commandLine = new HashSet<string>(MyInvocation.BoundParameters.Keys, StringComparer.OrdinalIgnoreCase);
        Run(BeginAsync);
    }

    protected sealed override void ProcessRecord() =>
        Run(token =>
        {
            ReadObject();
            return ProcessAsync(token);
        });

    protected sealed override void EndProcessing() => Run(EndAsync);

    protected sealed override void StopProcessing() => _stop.Cancel();

    /// <summary>As PowerShell's own, with visible escapes for control characters.</summary>
    public new void WriteWarning(string text) => base.WriteWarning(VisibleText.Lines(text));

    /// <summary>As PowerShell's own, with visible escapes for control characters.</summary>
    public new void WriteVerbose(string text) => base.WriteVerbose(VisibleText.Lines(text));

    /// <summary>As PowerShell's own, with visible escapes for control characters.</summary>
    public new void WriteDebug(string text) => base.WriteDebug(VisibleText.Lines(text));

    /// <summary>As PowerShell's own, with visible escapes for control characters.</summary>
    public new void WriteProgress(ProgressRecord progressRecord)
    {
        progressRecord.Activity = VisibleText.Of(progressRecord.Activity);
        progressRecord.StatusDescription = VisibleText.Of(progressRecord.StatusDescription);
        base.WriteProgress(progressRecord);
    }

    /// <summary>As PowerShell's own, with visible escapes for control characters where the data is a text. Its lines stay: a command of
    /// several lines is one record.</summary>
    public new void WriteInformation(object messageData, string[] tags) =>
        base.WriteInformation(messageData is string text ? string.Join('\n', text.Split('\n').Select(VisibleText.Of)) : messageData, tags);

    /// <summary>As PowerShell's own, with visible escapes for control characters.</summary>
    public new bool ShouldProcess(string target, string action) => base.ShouldProcess(VisibleText.Of(target), VisibleText.Of(action));

    /// <summary>As PowerShell's own, with visible escapes for control characters. A line of the texts begins with a space.</summary>
    public new bool ShouldProcess(string verboseDescription, string verboseWarning, string caption) =>
        base.ShouldProcess(VisibleText.Lines(verboseDescription), VisibleText.Lines(verboseWarning), VisibleText.Of(caption));

    /// <summary>As PowerShell's own, with visible escapes for control characters.</summary>
    public new bool ShouldContinue(string query, string caption) => base.ShouldContinue(VisibleText.Lines(query), VisibleText.Of(caption));

    /// <summary>Asks before a change that no manager previews. -Force answers for the user, unless -Confirm is given too. -WhatIf stays a
    /// preview.</summary>
    /// <param name="target">The object of the change.</param>
    /// <param name="action">The change, in words.</param>
    /// <param name="force">-Force is given.</param>
    /// <returns>True when the change is to be made.</returns>
    private protected bool Approve(string target, string action, bool force) =>
        (force && !IsWhatIf && !IsBound("Confirm")) || ShouldProcess(target, action);

    /// <summary>Whether -WhatIf, or the preference, asks for a preview.</summary>
    protected bool IsWhatIf =>
        MyInvocation.BoundParameters.TryGetValue("WhatIf", out var bound)
            ? LanguagePrimitives.IsTrue(bound)
            : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <summary>The object from the pipeline, where the cmdlet takes options from objects.</summary>
    private protected PipedObject? Piped { get; private set; }

    /// <summary>Whether the parameter is given now: on the command line, or by the present object of the pipeline.</summary>
    protected bool IsBound(string parameter) =>
        IsOnCommandLine(parameter)
        || (Piped?.Gives(parameter) ?? false)
        // A script block that makes the argument for each object (-Name { "x$($_.Name)" }).
        || (MyInvocation.BoundParameters.ContainsKey(parameter) && !_ofObjects.Contains(parameter));

    /// <summary>Whether the parameter stands on the command line, or has a default there. Such a parameter is the same for all objects.</summary>
    protected bool IsOnCommandLine(string parameter) => _commandLine.Contains(parameter);

    private void ReadObject()
    {
        if (this is ITakesObjects { InputObject: { } input } takes)
        {
            Piped = new PipedObject(GetType(), input, takes.OwnType);
            _ofObjects.UnionWith(Piped.Parameters);
            Piped.SplitCells(this, IsOnCommandLine);
        }
    }

    /// <summary>Whether a call ended because its token was cancelled, by Ctrl+C or a timeout.</summary>
    private protected static bool IsCancelled(Exception exception) =>
        exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };

    /// <summary>Whether an error is about the current object, so that the command can go on with the others. Without a daemon it
    /// cannot.</summary>
    private protected static bool IsOfOneObject(Exception exception) =>
        exception is SwarmException or RpcException { StatusCode: not (StatusCode.Cancelled or StatusCode.Unavailable) };

    private void Run(Func<CancellationToken, ValueTask> work)
    {
        try
        {
            var observer = Observer();
            CallObserver.Run(
                observer,
                () =>
                    PipelinePump.Run(() =>
                    {
                        observer?.Enter();
                        return work(_stop.Token);
                    })
            );
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

    /// <summary>Null where neither -Verbose nor -Debug, nor their preferences, ask for anything.</summary>
    private CallObserver? Observer()
    {
        var (verbose, debug) = (Wants("Verbose"), Wants("Debug"));
        return verbose || debug ? new CallObserver(verbose ? WriteVerbose : null, debug ? WriteDebug : null) : null;
    }

    private bool Wants(string stream) =>
        MyInvocation.BoundParameters.TryGetValue(stream, out var bound)
            ? LanguagePrimitives.IsTrue(bound)
            : LanguagePrimitives.TryConvertTo<ActionPreference>(GetVariableValue(stream + "Preference"), out var preference)
                && preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);

    /// <summary>Replaces the error of a failed call by a better one, if the session knows more than the transport.</summary>
    private protected virtual Exception Explain(RpcException failure) => failure;

    /// <summary>Writes the error; ends the pipeline when no later object could succeed either (no daemon, no session).</summary>
    private protected void Report(Exception exception, object? target = null)
    {
        var record = ErrorMapper.ToRecord(exception is RpcException failure ? Explain(failure) : exception, target);
        // Parameters that contradict each other do so for every object, unless an object gave them.
        if (ErrorMapper.EndsPipeline(record) && !(Piped is { HasOptions: true } && ErrorMapper.IsOfParameters(record)))
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
