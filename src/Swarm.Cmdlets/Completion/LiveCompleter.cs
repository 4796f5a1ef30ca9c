using System.Collections;
using Grpc.Core;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes from the live session. When the session is slow or fails, there are no completions.</summary>
public abstract class LiveCompleter : NameCompleter
{
    // A person who pressed TAB does not wait longer (conventions: 300 ms in all).
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(250);

    private protected override IEnumerable<Candidate> Names(string parameter, IDictionary bound)
    {
        var client = SessionTable.Resolve(Bound<Session>(bound, "Session")).Client;
        using var cancel = new CancellationTokenSource(Limit);
        var names = AsyncTask.Run(() => NamesAsync(client, parameter, bound, cancel.Token), cancel.Token);
        return names.Wait(Limit) ? names.Result : [];
    }

    private protected abstract Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    );

    private protected static T? Bound<T>(IDictionary? parameters, string name)
        where T : class => (parameters?[name] is PSObject wrapped ? wrapped.BaseObject : parameters?[name]) as T;

    /// <summary>The objects that the value of -Name selects so far: the manager says what a name means, and wildcards are matched here. Without -Name
    /// every object.</summary>
    private protected static async Task<List<T>> NamedAsync<T>(
        IDictionary? bound,
        Func<IEnumerable<string>, AsyncServerStreamingCall<T>> list,
        Func<T, string> nameOf,
        CancellationToken cancellationToken
    )
    {
        var given = bound?["Name"] is PSObject wrapped ? wrapped.BaseObject : bound?["Name"];
        var names = given switch
        {
            string one => [one],
            IEnumerable many => [.. many.Cast<object?>().Select(n => $"{n}")],
            _ => (string[])["*"],
        };
        List<T> found = [];
        foreach (var name in names)
        {
            if (WildcardPattern.ContainsWildcardCharacters(name))
            {
                var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
                found.AddRange((await AllAsync(list([]), cancellationToken)).Where(o => pattern.IsMatch(nameOf(o))));
                continue;
            }
            try
            {
                found.AddRange(await AllAsync(list([name]), cancellationToken));
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.NotFound or StatusCode.InvalidArgument)
            {
                // The other names may be known.
            }
        }
        return found;
    }

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
