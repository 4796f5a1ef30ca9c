using Swarm.Cmdlets.Hosts;

namespace Swarm.Cmdlets.Commands.Hosts;

[Cmdlet(VerbsCommon.Get, "SwarmFirewallRule")]
[OutputType(typeof(FirewallRule))]
public sealed class GetSwarmFirewallRuleCommand : FirewallCmdlet
{
    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken) =>
        await ForEachHostAsync(
            async (node, token) =>
            {
                var command = await CommandAsync(node, V1.FirewallAction.Get, [], token);
                var (host, answer) = await RunAsync(node, new V1.HostCommand { Firewall = command }, token);
                return () =>
                {
                    Warn(host, answer.Firewall);
                    WriteObject(Rules(host, answer.Firewall), enumerateCollection: true);
                    return default;
                };
            },
            cancellationToken
        );
}
