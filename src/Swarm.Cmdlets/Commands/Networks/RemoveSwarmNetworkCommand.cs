using Grpc.Core;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands.Networks;

[Cmdlet(VerbsCommon.Remove, "SwarmNetwork", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(Network))]
public sealed class RemoveSwarmNetworkCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Network)]
    [Alias("Id")]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var networks = await FindAsync(
            Name,
            (selectors, token) =>
                Client.Networks.ListNetworks(new V1.ListNetworksRequest { Selectors = { selectors } }, cancellationToken: token),
            n => n.Name,
            "network",
            "Get-SwarmNetwork lists them.",
            null,
            cancellationToken
        );
        foreach (var network in networks)
        {
            try
            {
                if (await ApproveAsync(network.Name, "Remove network", null, Force, cancellationToken))
                {
                    var request = new V1.RemoveNetworkRequest { RequestId = NewRequestId(), Selector = network.Id };
                    await Client.Networks.RemoveNetworkAsync(request, cancellationToken: cancellationToken);
                    if (PassThru)
                    {
                        WriteObject(OutputMapper.ToNetwork(network));
                    }
                }
            }
            catch (RpcException e) when (e.StatusCode is not (StatusCode.Cancelled or StatusCode.Unavailable))
            {
                Report(e, network.Name);
            }
        }
    }
}
