using System.Net;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Swarm.Host.Checks;

namespace Swarm.Cmdlets.Hosts;

/// <summary>Has one host send datagrams to others whose swarmd listen for them: only the receiver knows whether they arrive.</summary>
/// <param name="send">Runs a command on the sending host.</param>
internal sealed class DatagramExchange(Func<V1.HostCommand, CancellationToken, Task<V1.HostAnswer>> send)
{
    /// <summary>The time that a host listens: the sender may be slow to begin.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The interval of repetitions: a datagram may be lost, or arrive before the receiver listens.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);

    /// <summary>A host that receives datagrams.</summary>
    /// <param name="Address">The address to send to.</param>
    /// <param name="Ask">Runs a command on the receiving host.</param>
    public sealed record Receiver(string Address, Func<V1.HostCommand, CancellationToken, Task<V1.HostAnswer>> Ask);

    public async Task<IReadOnlyList<V1.HostCheck>> RunAsync(IReadOnlyList<Receiver> receivers, CancellationToken cancellationToken)
    {
        var payload = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(16));
        var listening = receivers.Select(r => (Receiver: r, Checks: ListenAsync(r, payload, cancellationToken))).ToList();
        var all = AsyncTask.WhenAll(listening.Select(static l => l.Checks));
        while (!all.IsCompleted)
        {
            var probe = new V1.ProbeCommand { Payload = payload };
            foreach (var (receiver, _) in listening.Where(static l => !l.Checks.IsCompleted))
            {
                probe.Udp.AddRange(DatagramChecks.Ports.Select(p => $"{Bracketed(receiver.Address)}:{p.First}"));
            }
            await send(new V1.HostCommand { Probe = probe }, cancellationToken);
            await AsyncTask.WhenAny(all, AsyncTask.Delay(Again, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
        return [.. (await all).SelectMany(static c => c)];
    }

    private static async Task<IReadOnlyList<V1.HostCheck>> ListenAsync(
        Receiver receiver,
        ByteString payload,
        CancellationToken cancellationToken
    )
    {
        var listen = new V1.ListenCommand
        {
            Address = receiver.Address,
            Payload = payload,
            PatienceMilliseconds = (uint)Patience.TotalMilliseconds,
            Udp = { DatagramChecks.Ports.Select(static p => (uint)p.First) },
        };
        V1.ListenReport report;
        try
        {
            report = (await receiver.Ask(new V1.HostCommand { Listen = listen }, cancellationToken)).Listen ?? new V1.ListenReport();
        }
        catch (RpcException e) when (e.StatusCode is not StatusCode.Cancelled)
        {
            return [.. DatagramChecks.Ports.Select(p => ToWire(DatagramChecks.NotTried(Name(p), e.Status.Detail)))];
        }
        return
        [
            .. DatagramChecks.Ports.Select(p =>
                ToWire(
                    DatagramChecks.Judge(
                        Name(p),
                        p,
                        receiver.Address,
                        report.InUse.Contains((uint)p.First) ? null : report.Arrived.Contains((uint)p.First)
                    )
                )
            ),
        ];

        string Name(object port) => $"Port {port} to {receiver.Address}";
    }

    private static string Bracketed(string address) =>
        IPAddress.TryParse(address, out var ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
            ? $"[{address}]"
            : address;

    private static V1.HostCheck ToWire(Swarm.Host.Checks.HostCheck check) =>
        new()
        {
            Name = check.Name,
            Status = check.Status.ToString(),
            Detail = check.Detail,
            Remedy = check.Remedy,
        };
}
