using System.Collections;

namespace Swarm.Cmdlets.Completion;

public sealed class NetworkCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(client.ListNetworks(new V1.ListNetworksRequest(), cancellationToken: cancellationToken), cancellationToken)
            ).Select(n => (n.Name, $"{n.Driver} {string.Join(", ", n.Subnets.Select(s => s.Subnet))}")),
        ];
}
