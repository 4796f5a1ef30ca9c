using System.Net;
using System.Net.Sockets;
using System.Text;
using Swarm.Host.Checks;

namespace Swarm.Host.Tests.Checks;

/// <summary>The listening end, on addresses of its own, where no other program listens.</summary>
public sealed class DatagramListenerTests
{
    private static readonly byte[] Payload = Encoding.ASCII.GetBytes("ours");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static IPAddress Address(int last)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs the whole of 127.0.0.0/8");
        return IPAddress.Parse($"127.83.42.{last}");
    }

    [Fact]
    public async Task It_answers_when_every_port_was_reached()
    {
        var own = Address(1);
        var listening = DatagramListener.RunAsync(own, [7946, 4789], Payload, Long, Stop);
        await Deadline.WaitAsync(SendAsync(), "both datagrams to arrive");
        var report = await listening;
        Assert.Equal([7946, 4789], report.Arrived);
        Assert.Empty(report.InUse);

        async Task SendAsync()
        {
            while (!listening.IsCompleted)
            {
                await PortProbe.UdpAsync($"{own}", 7946, Payload, Stop);
                await PortProbe.UdpAsync($"{own}", 4789, Payload, Stop);
                await Task.WhenAny(listening, Task.Delay(20, Stop));
            }
        }
    }

    [Fact]
    public async Task What_somebody_else_sends_is_passed_over()
    {
        var own = Address(2);
        // The sockets are bound before the call returns, so no later datagram is lost.
        var listening = DatagramListener.RunAsync(own, [7946], Payload, TimeSpan.FromMilliseconds(200), Stop);
        await PortProbe.UdpAsync($"{own}", 7946, Encoding.ASCII.GetBytes("theirs"), Stop);
        Assert.Empty((await listening).Arrived);
    }

    [Fact]
    public async Task A_port_that_is_in_use_is_told_and_the_others_are_listened_on()
    {
        var own = Address(3);
        using var other = new UdpClient(new IPEndPoint(own, 7946));
        var listening = DatagramListener.RunAsync(own, [7946, 4789], Payload, Long, Stop);
        await PortProbe.UdpAsync($"{own}", 4789, Payload, Stop);
        var report = await listening;
        Assert.Equal([4789], report.Arrived);
        Assert.Equal([7946], report.InUse);
    }

    [Theory]
    [InlineData("::1", "::1")]
    // Addresses of the blocks for documentation (RFC 5737, RFC 3849): no host has them, so they stand for all addresses of this one.
    [InlineData("192.0.2.1", "127.0.0.1")]
    [InlineData("2001:db8::1", "::1")]
    public async Task Addresses_of_both_families_are_listened_on_and_one_of_another_host_is_all_of_this_ones(string address, string to)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 && File.Exists("/proc/net/if_inet6"), "needs IPv6");
        int port;
        using (var free = new UdpClient(new IPEndPoint(IPAddress.Parse(to), 0)))
        {
            port = ((IPEndPoint)free.Client.LocalEndPoint!).Port;
        }
        var listening = DatagramListener.RunAsync(IPAddress.Parse(address), [port], Payload, Long, Stop);
        Assert.Equal(ProbeOutcome.Sent, (await PortProbe.UdpAsync(to, port, Payload, Stop)).Outcome);
        Assert.Equal([port], (await listening).Arrived);
    }

    [Fact]
    public async Task It_gives_up_when_it_is_told_to()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var listening = DatagramListener.RunAsync(Address(4), [7946], Payload, Long, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }
}
