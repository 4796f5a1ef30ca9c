using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Hosts;
using Swarm.Host.Checks;
using Swarm.Host.Firewall;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsDiagnostic.Test, "SwarmFirewallRule")]
[OutputType(typeof(PortTest), typeof(bool))]
public sealed class TestSwarmFirewallRuleCommand : FirewallCmdlet
{
    private bool _allPassed = true;

    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] Address { get; set; } = [];

    [Parameter]
    public SwitchParameter Quiet { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (Address.Length > 0)
        {
            foreach (var address in Address)
            {
                await TryAsync(address, cancellationToken);
            }
            return;
        }
        await ForEachHostAsync(
            async (node, token) =>
            {
                var command = await CommandAsync(node, V1.FirewallAction.Get, [], token);
                var (host, answer) = await RunAsync(node, new V1.HostCommand { Firewall = command }, token);
                return () =>
                {
                    foreach (var rule in Rules(host, answer.Firewall))
                    {
                        Write(ToTest(host, rule));
                    }
                    return default;
                };
            },
            cancellationToken
        );
    }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        await base.EndAsync(cancellationToken);
        if (Quiet)
        {
            WriteObject(_allPassed);
        }
    }

    private static PortTest ToTest(string host, FirewallRule rule) =>
        new()
        {
            Node = host,
            Port = rule.Port,
            Passed = rule.State == Swarm.FirewallRuleState.Open,
            Detail = rule.Detail,
            Remedy = rule.State switch
            {
                Swarm.FirewallRuleState.Open => "",
                Swarm.FirewallRuleState.Blocked => "Remove that rule, then open the port with Add-SwarmFirewallRule.",
                _ => "Open it with Add-SwarmFirewallRule.",
            },
        };

    /// <summary>Connects from this machine. Datagrams get no answer, so this machine alone cannot test UDP ports.</summary>
    private async ValueTask TryAsync(string address, CancellationToken cancellationToken)
    {
        List<PortRange> ports =
        [
            .. SwarmPorts.Rules(Role is not NodeRole.Worker, [], []).Select(r => r.Port),
            .. Port.Select(p => PortRange.TryParse(p, out var range) ? range : default),
        ];
        foreach (var port in ports.Where(p => p.Protocol == TransportProtocol.Tcp))
        {
            var result = await PortProbe.TcpAsync(address, port.First, cancellationToken);
            var passed = result.Outcome is ProbeOutcome.Open or ProbeOutcome.Refused;
            Write(
                new PortTest
                {
                    Node = address,
                    Port = port.ToString(),
                    Passed = passed,
                    Detail = result.Outcome switch
                    {
                        ProbeOutcome.Open => "answers",
                        ProbeOutcome.Refused => "nothing blocks it; nothing listens there",
                        _ => $"{port} on {address} does not answer: {result.Detail}",
                    },
                    Remedy = passed ? "" : $"Open {port} on {address} (Add-SwarmFirewallRule there), and in firewalls on the way.",
                }
            );
        }
    }

    private void Write(PortTest test)
    {
        _allPassed &= test.Passed;
        if (!Quiet)
        {
            WriteObject(test);
        }
    }
}
