using System.Collections;

namespace Swarm.Cmdlets.Completion;

/// <summary>Names of administrators' certificates.</summary>
public sealed class CredentialCompleter : LiveCompleter
{
    private protected override async Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        var all = await AllAsync(
            client.Clusters.ListCredentials(new V1.ListCredentialsRequest(), cancellationToken: cancellationToken),
            cancellationToken
        );
        return
        [
            .. all.GroupBy(c => c.Name)
                .Select(g => new Candidate(g.Key, $"{g.Count()} certificates, the last of {g.Last().IssuedAt?.ToDateTime():u}")),
        ];
    }
}
