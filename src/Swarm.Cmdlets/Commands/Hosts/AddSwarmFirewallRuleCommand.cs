using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Hosts;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Add, "SwarmFirewallRule", SupportsShouldProcess = true)]
[OutputType(typeof(FirewallRule))]
public sealed class AddSwarmFirewallRuleCommand : FirewallCmdlet
{
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] RemoteAddress { get; set; } = [];

    [Parameter]
    public SwitchParameter SwarmOnly { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var sources = RemoteAddress.Concat(SwarmOnly ? await NodeAddressesAsync(cancellationToken) : []).Distinct().ToList();
        const string Action = "Open the swarm's ports";
        await ForEachHostAsync(
            async (node, token) =>
            {
                var command = await CommandAsync(node, V1.FirewallAction.Add, sources, token);
                return await ChangeAsync(node, command, Action, Write, token);
            },
            cancellationToken,
            node => Approve(node, Action, force: false)
        );

        void Write(string host, V1.FirewallReport report) => WriteObject(Rules(host, report), enumerateCollection: true);
    }

    private async Task<IReadOnlyList<string>> NodeAddressesAsync(CancellationToken cancellationToken)
    {
        var addresses = (await FindNodesAsync(null, cancellationToken)).Select(n => n.Address).Where(a => a.Length > 0).ToList();
        return addresses.Count > 0
            ? addresses
            : throw new SwarmException(
                "AddressUnknown",
                "No node of the swarm has reported its address yet.",
                "",
                "Wait until Get-SwarmNode shows addresses, or give them with -RemoteAddress."
            );
    }
}
