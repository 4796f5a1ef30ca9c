using Swarm.Cmdlets.Hosts;

namespace Swarm.Cmdlets.Commands.Hosts;

[Cmdlet(VerbsCommon.Remove, "SwarmFirewallRule", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(FirewallRule))]
public sealed class RemoveSwarmFirewallRuleCommand : FirewallCmdlet
{
    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var action =
            Port.Length == 0 ? "Remove the firewall rules that Swarm added" : $"Remove Swarm's rules for {string.Join(", ", Port)}";
        await ForEachHostAsync(
            async (node, token) =>
            {
                var command = await CommandAsync(node, V1.FirewallAction.Remove, [], token);
                return await ChangeAsync(node, command, action, Write, token);
            },
            cancellationToken,
            node => Approve(node, action, Force)
        );

        void Write(string host, V1.FirewallReport report)
        {
            if (PassThru)
            {
                WriteObject(Rules(host, report), enumerateCollection: true);
            }
        }
    }
}
