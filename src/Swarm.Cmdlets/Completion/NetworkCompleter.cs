using System.Collections;

namespace Swarm.Cmdlets.Completion;

public sealed class NetworkCompleter : LiveCompleter
{
    private protected override async Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(
                    client.Networks.ListNetworks(new V1.ListNetworksRequest(), cancellationToken: cancellationToken),
                    cancellationToken
                )
            ).Select(n => new Candidate(n.Name, $"{n.Driver} {string.Join(", ", n.Subnets.Select(s => s.Subnet))}", n.Id)),
        ];
}
