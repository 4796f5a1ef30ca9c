using System.Net;
using System.Net.Sockets;
using Swarm.Host.Checks;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Checks;

public sealed class HostCheckTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<HostCheck> CheckAsync(IHostSystem system, string name, HostCheckRequest? request = null) =>
        (await new HostInspection(system, TimeProvider.System).RunAsync(request ?? new HostCheckRequest(), Stop)).Single(c =>
            c.Name == name
        );

    [Theory]
    [InlineData(0, "Passed", "to the second")]
    [InlineData(5.9, "Passed", "6 s ahead of")]
    [InlineData(-20, "Warning", "20 s behind")]
    [InlineData(61.5, "Failed", "62 s ahead of")]
    [InlineData(-4000, "Failed", "4000 s behind")]
    public void A_clock_is_judged_by_its_difference(double seconds, string status, string detail)
    {
        var check = ClockCheck.Judge(TimeSpan.FromSeconds(seconds), "10.0.0.1:2377");
        Assert.Equal(status, check.Status.ToString());
        Assert.Contains(detail, check.Detail, StringComparison.Ordinal);
        Assert.Equal(check.Status == HostCheckStatus.Passed, check.Remedy.Length == 0);
    }

    [Fact]
    public void A_leased_address_is_not_a_managers()
    {
        const string Json = """
            [{"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1"}]},{},
             {"ifname":"eth0","addr_info":[{"family":"inet","local":"10.0.0.5","dynamic":true,"valid_life_time":3600},
                                           {"family":"inet","local":"10.0.0.6"}]}]
            """;
        Assert.Equal(HostCheckStatus.Failed, AddressCheck.Judge(Json, IPAddress.Parse("10.0.0.5"), isManager: true).Status);
        Assert.Equal(HostCheckStatus.Warning, AddressCheck.Judge(Json, IPAddress.Parse("10.0.0.5"), isManager: false).Status);
        Assert.Equal("10.0.0.6 on eth0 is fixed", AddressCheck.Judge(Json, IPAddress.Parse("10.0.0.6"), isManager: true).Detail);
        Assert.Contains(
            "not an address of this host",
            AddressCheck.Judge(Json, IPAddress.Parse("10.0.0.7"), true).Detail,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(0, "20.10.24+dfsg1\n", "", "Passed", "20.10.24")]
    [InlineData(0, "1.11.2\n", "", "Failed", "older than 1.12")]
    [InlineData(1, "", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "Failed", "does not answer")]
    [InlineData(1, "", "permission denied while trying to connect", "Failed", "permission denied")]
    public async Task An_engine_must_answer_and_be_new_enough(int exitCode, string output, string error, string status, string detail)
    {
        var system = new RecordedSystem
        {
            Programs = { "docker" },
            Answers = { ["docker version"] = new ToolResult(exitCode, output, error) },
        };
        var check = await CheckAsync(system, "Engine");
        Assert.Equal(status, check.Status.ToString());
        Assert.Contains(detail, check.Detail, StringComparison.Ordinal);
    }

    private const string NoChecks = "Podman 4.3.1 runs no health checks here: it needs systemd for them, and systemd does not run";
    private const string NoSocket = "Podman 4.3.1 is installed, and its socket /run/podman/podman.sock is not there";

    /// <summary>The command docker of an engine's own packages, Debian's podman-docker, and Podman alone.</summary>
    [Theory]
    [InlineData("docker version --format '{{range", "Podman Engine,Conmon,", true, true, "Passed", "Podman 4.3.1")]
    [InlineData("docker version --format '{{range", "Podman Engine,Conmon,", false, true, "Warning", NoChecks)]
    [InlineData("docker --version", "podman version 4.3.1\n", true, true, "Passed", "Podman 4.3.1")]
    [InlineData("docker --version", "podman version 4.3.1\n", false, true, "Warning", NoChecks)]
    [InlineData("podman version", "4.3.1\n", true, true, "Passed", "Podman 4.3.1")]
    [InlineData("podman version", "4.3.1\n", false, true, "Warning", NoChecks)]
    [InlineData("podman version", "4.3.1\n", true, false, "Failed", NoSocket)]
    public async Task Podman_is_known_and_what_it_cannot_do_without_systemd(
        string command,
        string output,
        bool systemd,
        bool socket,
        string status,
        string detail
    )
    {
        var system = new RecordedSystem
        {
            Programs = { command.Split(' ')[0] },
            Answers =
            {
                ["docker version"] = new ToolResult(0, "4.3.1\n", ""),
                ["docker version --format '{{range"] = new ToolResult(1, "", "template: can't evaluate field Components"),
                [command] = new ToolResult(0, output, ""),
            },
        };
        if (systemd)
        {
            system.Files["/run/systemd/system/x"] = "";
        }
        if (socket)
        {
            system.Files["/run/podman/podman.sock"] = "";
        }
        var check = await CheckAsync(system, "Engine");
        Assert.Equal((status, detail), (check.Status.ToString(), check.Detail));
        Assert.Equal(status == "Passed", check.Remedy.Length == 0);
    }

    [Fact]
    public async Task Without_an_engine_it_says_how_to_get_one()
    {
        var check = await CheckAsync(new RecordedSystem(), "Engine");
        Assert.Equal((HostCheckStatus.Failed, "Install-SwarmEngine installs it."), (check.Status, check.Remedy));
    }

    [Fact]
    public async Task A_kernel_is_looked_at_feature_by_feature()
    {
        var system = new RecordedSystem
        {
            Files =
            {
                ["/proc/sys/kernel/osrelease"] = "3.8.0-generic\n",
                ["/proc/self/ns/mnt"] = "",
                ["/proc/self/ns/net"] = "",
                ["/sys/fs/cgroup/cgroup.controllers"] = "cpuset cpu io memory pids\n",
                ["/proc/filesystems"] = "nodev\ttmpfs\nnodev\toverlay\n",
                ["/sys/module/bridge/refcnt"] = "0",
                ["/lib/modules/3.8.0-generic/modules.dep"] = "kernel/drivers/net/vxlan/vxlan.ko.zst: kernel/net/ipv4/udp_tunnel.ko\n",
            },
        };
        var checks = await new HostInspection(system, TimeProvider.System).RunAsync(new HostCheckRequest(), Stop);
        var status = checks.Where(c => c.Name.StartsWith("Kernel", StringComparison.Ordinal)).ToDictionary(c => c.Name, c => c.Status);
        Assert.Equal(HostCheckStatus.Failed, status["KernelVersion"]);
        Assert.Equal(HostCheckStatus.Failed, status["KernelNamespaces"]);
        Assert.Equal(HostCheckStatus.Passed, status["KernelCgroups"]);
        Assert.Equal(HostCheckStatus.Passed, status["KernelOverlay"]);
        Assert.Equal(HostCheckStatus.Passed, status["KernelBridge"]);
        Assert.Equal(HostCheckStatus.Passed, status["KernelVxlan"]);
        Assert.Equal(HostCheckStatus.Failed, status["KernelVeth"]);
        Assert.Contains(
            "ipc, uts",
            checks.Single(c => c.Name == "KernelNamespaces").Detail.Replace("pid, ", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_port_that_answers_one_that_refuses_and_the_words_for_them()
    {
        const string Address = "127.0.0.1";
        using var listener = new TcpListener(IPAddress.Parse(Address), 0);
        listener.Start();
        Assert.Equal(ProbeOutcome.Open, (await PortProbe.TcpAsync(Address, ((IPEndPoint)listener.LocalEndpoint).Port, Stop)).Outcome);
        using var closed = new ClosedPort(Address);
        var port = closed.Port;
        Assert.Equal(ProbeOutcome.Refused, (await PortProbe.TcpAsync(Address, port, Stop)).Outcome);
        Assert.Equal(ProbeOutcome.Unreachable, (await PortProbe.TcpAsync("no-such-host.invalid", 2377, Stop)).Outcome);
        var check = await CheckAsync(
            new RecordedSystem(),
            $"Port {port}/tcp to {Address}",
            new HostCheckRequest { Peers = [new HostPeer(Address, IsManager: true, port)] }
        );
        Assert.Equal(HostCheckStatus.Failed, check.Status);
        Assert.StartsWith($"{port}/tcp on {Address} does not answer: ", check.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_other_side_tries_the_ports_of_this_one()
    {
        // An address where no other program listens.
        var own = IPAddress.Parse("127.83.41.7");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs the whole of 127.0.0.0/8");
        var checks = await InboundProbe.RunAsync(
            own,
            "manager1",
            isManager: true,
            async (tcp, udp, payload) =>
            {
                List<ProbeResult> results = [];
                foreach (var target in tcp)
                {
                    var end = IPEndPoint.Parse(target);
                    results.Add(await PortProbe.TcpAsync($"{end.Address}", end.Port, Stop));
                }
                // 4789 is lost on the way.
                foreach (var end in udp.Select(IPEndPoint.Parse).Where(e => e.Port == 7946))
                {
                    results.Add(await PortProbe.UdpAsync($"{end.Address}", end.Port, payload, Stop));
                }
                return results;
            },
            Stop
        );
        Assert.Equal(
            ["2377/tcp Passed", "7946/tcp Passed", "7946/udp Passed", "4789/udp Failed"],
            checks.Select(c => $"{c.Name.Split(' ')[1]} {c.Status}")
        );
    }

    [Fact]
    public async Task The_other_side_tries_the_ports_of_one_with_IPv6()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 && File.Exists("/proc/net/if_inet6"), "needs IPv6");
        var checks = await InboundProbe.RunAsync(
            IPAddress.IPv6Loopback,
            "manager1",
            isManager: false,
            async (tcp, _, _) =>
            {
                var end = IPEndPoint.Parse(Assert.Single(tcp));
                return [await PortProbe.TcpAsync($"{end.Address}", end.Port, Stop)];
            },
            Stop
        );
        // Other programs may listen there too; the port is open either way.
        Assert.Equal(("Port 7946/tcp from manager1", HostCheckStatus.Passed), (checks[0].Name, checks[0].Status));
    }
}
