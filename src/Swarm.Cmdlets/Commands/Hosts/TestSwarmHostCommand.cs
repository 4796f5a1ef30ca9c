using System.Net;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Hosts;
using Swarm.Host.Checks;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsDiagnostic.Test, "SwarmHost")]
[OutputType(typeof(Swarm.HostCheck))]
public sealed class TestSwarmHostCommand : HostCmdlet
{
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string? Address { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] ManagerAddress { get; set; } = [];

    private Session? _asker;

    protected override async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        await base.BeginAsync(cancellationToken);
        if (Session is { IsLocal: false } && !IsBound("Name"))
        {
            _asker = Session;
        }
    }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (Name is null)
        {
            await TestThisHostAsync(cancellationToken);
            return;
        }
        var all = await FindNodesAsync(null, cancellationToken);
        await ForEachHostAsync(
            async (node, token) =>
            {
                var command = new V1.HostCheckCommand
                {
                    Address = node!.Address,
                    Manager = node.Role == V1.NodeRole.Manager,
                    InSwarm = true,
                };
                var others = all.Where(n => n.Id != node.Id && n.Address.Length > 0).ToList();
                command.Peers.AddRange(others.Select(ToPeer));
                var (host, answer) = await RunAsync(node, new V1.HostCommand { Check = command }, token);
                return async () =>
                {
                    Write(host, answer.Checks);
                    Write(host, await SendAsync(node, others, token));
                };
            },
            cancellationToken
        );
    }

    /// <summary>The nodes are checked at the same time. Datagrams follow, one node after the other: one listener at a time can have a port.</summary>
    private protected override bool WritesTogether => true;

    /// <summary>Sends datagrams from a node to the others.</summary>
    private Task<IReadOnlyList<V1.HostCheck>> SendAsync(V1.Node node, IEnumerable<V1.Node> others, CancellationToken cancellationToken)
    {
        async Task<V1.HostAnswer> Ask(V1.Node to, V1.HostCommand command, CancellationToken token) =>
            (await RunAsync(to, command, token)).Answer;
        return new DatagramExchange((command, token) => Ask(node, command, token)).RunAsync(
            [.. others.Select(o => new DatagramExchange.Receiver(o.Address, (command, token) => Ask(o, command, token)))],
            cancellationToken
        );
    }

    /// <summary>Sends datagrams from this machine to the one of the session.</summary>
    private async Task<IReadOnlyList<V1.HostCheck>> SendFromHereAsync(CancellationToken cancellationToken)
    {
        var daemon = await Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: cancellationToken);
        if (!IPEndPoint.TryParse(daemon.NodeAddress, out var there))
        {
            return [];
        }
        var here = new Swarm.Host.Commands.HostCommands(new Swarm.Host.Systems.LocalSystem(), TimeProvider.System);
        var receiver = new DatagramExchange.Receiver(
            there.Address.ToString(),
            async (command, token) => (await RunAsync(null, command, token)).Answer
        );
        return await new DatagramExchange(here.RunAsync).RunAsync([receiver], cancellationToken);
    }

    private async ValueTask TestThisHostAsync(CancellationToken cancellationToken)
    {
        var manager = Role is not NodeRole.Worker;
        var command = new V1.HostCheckCommand { Address = Address ?? "", Manager = manager };
        command.Peers.AddRange(ManagerAddress.Select(ParsePeer));
        if (Session is { IsLocal: true })
        {
            command.InSwarm = Session.State != LocalNodeState.Inactive;
            var (host, answer) = await RunAsync(null, new V1.HostCommand { Check = command }, cancellationToken);
            Write(host, answer.Checks);
            return;
        }
        var system = new Swarm.Host.Systems.LocalSystem();
        // The daemon of a remote session is the other side: it tries this host's ports.
        var checks = await AsyncTask.Run(
            () =>
                new Swarm.Host.Commands.HostCommands(system, TimeProvider.System).RunAsync(
                    new V1.HostCommand { Check = command },
                    cancellationToken
                ),
            cancellationToken
        );
        Write(ThisHost, checks.Checks);
        if (_asker is null)
        {
            return;
        }
        Write(ThisHost, await SendFromHereAsync(cancellationToken));
        if (AddressCheck.Find(system, Address ?? "", FirstManager()) is { } own)
        {
            await TestInboundAsync(own, manager, cancellationToken);
        }
    }

    private string? FirstManager() => ManagerAddress.Length > 0 ? ParsePeer(ManagerAddress[0]).Host : null;

    private async ValueTask TestInboundAsync(IPAddress own, bool manager, CancellationToken cancellationToken)
    {
        var results = await InboundProbe.RunAsync(
            own,
            _asker!.Hostname,
            manager,
            async (tcp, udp, payload) =>
            {
                var probe = new V1.ProbeCommand { Payload = Google.Protobuf.ByteString.CopyFrom(payload) };
                probe.Tcp.AddRange(tcp);
                probe.Udp.AddRange(udp);
                var (_, answer) = await RunAsync(null, new V1.HostCommand { Probe = probe }, cancellationToken);
                return
                [
                    .. answer.Probes.Select(p => new ProbeResult(
                        p.Target,
                        Enum.Parse<ProbeOutcome>(p.Outcome.Replace("-", "", StringComparison.Ordinal), ignoreCase: true),
                        p.Detail
                    )),
                ];
            },
            cancellationToken
        );
        foreach (var check in results)
        {
            WriteObject(
                new Swarm.HostCheck
                {
                    Node = ThisHost,
                    Name = check.Name,
                    Status = (Swarm.HostCheckStatus)check.Status,
                    Detail = check.Detail,
                    Remedy = check.Remedy,
                }
            );
        }
    }

    private void Write(string host, IEnumerable<V1.HostCheck> checks)
    {
        foreach (var check in checks)
        {
            WriteObject(
                new Swarm.HostCheck
                {
                    Node = host,
                    Name = check.Name,
                    Status = Enum.Parse<Swarm.HostCheckStatus>(check.Status, ignoreCase: true),
                    Detail = check.Detail,
                    Remedy = check.Remedy,
                }
            );
        }
    }

    private static V1.HostPeer ToPeer(V1.Node node)
    {
        var peer = new V1.HostPeer { Host = node.Address, Manager = node.Role == V1.NodeRole.Manager };
        if (IPEndPoint.TryParse(node.ManagerStatus?.Address ?? "", out var end))
        {
            peer.ManagementPort = (uint)end.Port;
        }
        return peer;
    }

    private static V1.HostPeer ParsePeer(string text)
    {
        if (IPAddress.TryParse(text, out var address))
        {
            return new V1.HostPeer { Host = address.ToString(), Manager = true };
        }
        if (IPEndPoint.TryParse(text, out var end) && end.Port > 0)
        {
            return new V1.HostPeer
            {
                Host = end.Address.ToString(),
                Manager = true,
                ManagementPort = (uint)end.Port,
            };
        }
        var parts = text.Split(':');
        var port = 0u;
        if (
            Uri.CheckHostName(parts[0]) != UriHostNameType.Dns
            || parts.Length > 2
            || (parts.Length == 2 && !uint.TryParse(parts[1], out port))
        )
        {
            throw new SwarmException("InvalidAddress", $"'{text}' is not the address of a manager.", text, "Write HOST[:PORT].");
        }
        return new V1.HostPeer
        {
            Host = parts[0],
            Manager = true,
            ManagementPort = port,
        };
    }
}
