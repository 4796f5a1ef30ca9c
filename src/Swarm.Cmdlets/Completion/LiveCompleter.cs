using System.Collections;
using Grpc.Core;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes from the live session; answers nothing rather than late or with an error.</summary>
public abstract class LiveCompleter : NameCompleter
{
    // A person who pressed TAB waits no longer (conventions: 300 ms in all).
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(250);

    private protected override IEnumerable<(string Text, string ToolTip)> Names(IDictionary bound)
    {
        var client = SessionTable.Resolve(Bound<Session>(bound, "Session")).Client;
        using var cancel = new CancellationTokenSource(s_limit);
        var names = AsyncTask.Run(() => NamesAsync(client, bound, cancel.Token), cancel.Token);
        return names.Wait(s_limit) ? names.Result : [];
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
