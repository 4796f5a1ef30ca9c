using System.Net;
using Swarm.Host.Checks;
using Swarm.Host.Firewall;
using Swarm.Host.Systems;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Host.Commands;

/// <summary>Carries out a host command on this machine: for swarmd, and for the module in its own process where there is no swarmd.</summary>
public sealed class HostCommands(IHostSystem system, TimeProvider time)
{
    private const int MaxPayload = 64;
    private const int MaxPorts = 16;
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(30);

    /// <summary>Never fails but by cancellation: what the host refuses is in the answer.</summary>
    public async Task<V1.HostAnswer> RunAsync(V1.HostCommand command, CancellationToken cancellation)
    {
        try
        {
            return command.CommandCase switch
            {
                V1.HostCommand.CommandOneofCase.Firewall => await FirewallAsync(command.Firewall, cancellation),
                V1.HostCommand.CommandOneofCase.Check => await CheckAsync(command.Check, cancellation),
                V1.HostCommand.CommandOneofCase.Probe => await ProbeAsync(command.Probe, cancellation),
                V1.HostCommand.CommandOneofCase.Listen => await ListenAsync(command.Listen, cancellation),
                _ => throw new HostException(
                    "UnknownHostCommand",
                    "This swarmd does not know that command.",
                    "",
                    "Update swarmd on that node."
                ),
            };
        }
        catch (HostException e)
        {
            return new V1.HostAnswer
            {
                Error = new V1.HostError
                {
                    ErrorId = e.ErrorId,
                    Message = e.Message,
                    Target = e.Target,
                    Action = e.Action,
                },
            };
        }
    }

    private async Task<V1.HostAnswer> FirewallAsync(V1.FirewallCommand command, CancellationToken cancellation)
    {
        var ports = command.Ports.Select(Port).ToList();
        var request = new FirewallRequest
        {
            Rules = SwarmPorts.Rules(command.Manager, ports, [.. command.Sources.Select(Source)]),
            Provider = Provider(command.Provider),
            Zone = command.Zone,
            DryRun = command.DryRun,
        };
        var firewall = new HostFirewall(system);
        var report = command.Action switch
        {
            V1.FirewallAction.Add => await firewall.AddAsync(request, cancellation),
            V1.FirewallAction.Remove => await firewall.RemoveAsync(request, ports, cancellation),
            _ => await firewall.GetAsync(request, cancellation),
        };
        var answer = new V1.FirewallReport
        {
            Provider = report.Provider == FirewallProviderKind.None ? V1.FirewallProvider.None : (V1.FirewallProvider)report.Provider,
            Commands = { report.Commands },
            Warnings = { report.Warnings },
        };
        answer.Rules.AddRange(report.Rules.Select(ToWire));
        return new V1.HostAnswer { Firewall = answer };
    }

    private static V1.FirewallRule ToWire(FirewallRuleStatus rule) =>
        new()
        {
            Port = rule.Rule.Port.ToString(),
            Purpose = rule.Rule.Purpose,
            Sources = { rule.Rule.Sources.Select(static s => s.ToString()) },
            State = Word(rule.State),
            OpenedBy = Word(rule.OpenedBy),
            Permanent = rule.Permanent,
            Detail = rule.Detail,
        };

    private async Task<V1.HostAnswer> CheckAsync(V1.HostCheckCommand command, CancellationToken cancellation)
    {
        var checks = await new HostInspection(system, time).RunAsync(
            new HostCheckRequest
            {
                Address = command.Address,
                IsManager = command.Manager,
                InSwarm = command.InSwarm,
                Peers =
                [
                    .. command.Peers.Select(static p => new HostPeer(
                        p.Host,
                        p.Manager,
                        p.ManagementPort == 0 ? SwarmPorts.Management.First : (int)p.ManagementPort
                    )),
                ],
            },
            cancellation
        );
        var answer = new V1.HostAnswer();
        answer.Checks.AddRange(
            checks.Select(static c => new V1.HostCheck
            {
                Name = c.Name,
                Status = Word(c.Status),
                Detail = c.Detail,
                Remedy = c.Remedy,
            })
        );
        return answer;
    }

    private static async Task<V1.HostAnswer> ProbeAsync(V1.ProbeCommand command, CancellationToken cancellation)
    {
        if (command.Payload.Length > MaxPayload)
        {
            throw new HostException("InvalidArgument", $"A probe carries {MaxPayload} bytes at most.", "", "");
        }
        var tcp = command.Tcp.Select(t => Target(t)).Select(t => PortProbe.TcpAsync(t.Host, t.Port, cancellation));
        var udp = command.Udp.Select(t => Target(t)).Select(t => PortProbe.UdpAsync(t.Host, t.Port, command.Payload.Memory, cancellation));
        var results = await System.Threading.Tasks.Task.WhenAll(tcp.Concat(udp));
        var answer = new V1.HostAnswer();
        answer.Probes.AddRange(
            results.Select(static r => new V1.ProbeResult
            {
                Target = r.Target,
                Outcome = r.Outcome == ProbeOutcome.NoAnswer ? "no-answer" : Word(r.Outcome),
                Detail = r.Detail,
            })
        );
        return answer;
    }

    private static async Task<V1.HostAnswer> ListenAsync(V1.ListenCommand command, CancellationToken cancellation)
    {
        var patience = TimeSpan.FromMilliseconds(command.PatienceMilliseconds);
        if (
            command.Payload.Length is 0 or > MaxPayload
            || command.Udp.Count > MaxPorts
            || command.Udp.Any(static p => p is 0 or > 65535)
            || patience > LongestPatience
        )
        {
            throw new HostException(
                "InvalidArgument",
                $"Datagrams of 1 to {MaxPayload} bytes are waited for, on {MaxPorts} ports at most, {LongestPatience.TotalSeconds:0} s at most.",
                "",
                ""
            );
        }
        var address = IPAddress.TryParse(command.Address, out var own) ? own : IPAddress.Any;
        var report = await DatagramListener.RunAsync(
            address,
            command.Udp.Select(static p => (int)p),
            command.Payload.ToByteArray(),
            patience,
            cancellation
        );
        return new V1.HostAnswer
        {
            Listen = new V1.ListenReport
            {
                Arrived = { report.Arrived.Select(static p => (uint)p) },
                InUse = { report.InUse.Select(static p => (uint)p) },
            },
        };
    }

    private static FirewallProviderKind? Provider(V1.FirewallProvider provider) =>
        provider switch
        {
            V1.FirewallProvider.Auto => null,
            >= V1.FirewallProvider.Firewalld and <= V1.FirewallProvider.Windows => (FirewallProviderKind)provider,
            _ => throw new HostException(
                "UnknownFirewallProvider",
                $"There is no firewall provider {provider}.",
                provider.ToString(),
                "Choose Firewalld, Ufw, Nftables, Iptables or Windows."
            ),
        };

    private static PortRange Port(string text) =>
        PortRange.TryParse(text, out var port)
            ? port
            : throw new HostException(
                "InvalidPort",
                $"'{text}' is not a port. Nothing was changed.",
                text,
                "Write it like 8080, 8080/tcp or 9000-9010/udp."
            );

    private static AddressRange Source(string text) =>
        AddressRange.TryParse(text, out var source)
            ? source
            : throw new HostException(
                "InvalidAddress",
                $"'{text}' is not an address. Nothing was changed.",
                text,
                "Write it like 10.0.0.1, 10.0.0.0/24 or fd00::1."
            );

    private static (string Host, int Port) Target(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && PortRange.TryParse(text[(colon + 1)..], out var port)
            ? (text[..colon].Trim('[', ']'), port.First)
            : throw new HostException("InvalidAddress", $"'{text}' is not HOST:PORT.", text, "");
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
