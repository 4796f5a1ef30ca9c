using System.Collections;
using System.Management.Automation.Language;
using Grpc.Core;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes from the live session; answers nothing rather than late or with an error.</summary>
public abstract class LiveCompleter : IArgumentCompleter
{
    // A person who pressed TAB waits no longer (conventions: 300 ms in all).
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(250);

    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        try
        {
            var client = SessionTable.Resolve(Bound<Session>(fakeBoundParameters, "Session")).Client;
            using var cancel = new CancellationTokenSource(s_limit);
            var names = AsyncTask.Run(() => NamesAsync(client, fakeBoundParameters, cancel.Token), cancel.Token);
            if (!names.Wait(s_limit))
            {
                return [];
            }
            return CompletionList.Of(names.Result, wordToComplete);
        }
        catch (Exception)
        {
            // Completion must never throw: the prompt would show it in the middle of a line.
            return [];
        }
    }

    private protected abstract Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    );

    private protected static T? Bound<T>(IDictionary? parameters, string name)
        where T : class => (parameters?[name] is PSObject wrapped ? wrapped.BaseObject : parameters?[name]) as T;

    private protected static async Task<List<T>> AllAsync<T>(AsyncServerStreamingCall<T> call, CancellationToken cancellationToken)
    {
        using (call)
        {
            List<T> all = [];
            await foreach (var item in call.ResponseStream.ReadAllAsync(cancellationToken))
            {
                all.Add(item);
            }
            return all;
        }
    }
}
