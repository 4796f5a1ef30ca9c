using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Swarm.Host.Checks;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Checks;

/// <summary>The exact text of each check on recorded hosts: people read it, and scripts compare the names.</summary>
public sealed class HostInspectionTests
{
    private const long Gigabyte = 1L << 30;
    private const string DiskRemedy = "Images and volumes are kept there: free some space, or give the engine another data-root.";
    private const string FixedRemedy =
        "Give the host a fixed address, or a fixed lease of its DHCP server: the nodes know a manager by its address.";
    private const string ClockRemedy = "Compare 'date -u' on both hosts; the check needs a swarmd that is a manager there.";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<HostCheck> CheckAsync(IHostSystem system, string name, HostCheckRequest? request = null) =>
        (await new HostInspection(system, TimeProvider.System).RunAsync(request ?? new HostCheckRequest(), Stop)).Single(c =>
            c.Name == name
        );

    [Theory]
    [InlineData(5 * Gigabyte, HostCheckStatus.Passed, "5 of 200 GiB are free at /var/lib/docker", "")]
    [InlineData((5 * Gigabyte) - 1, HostCheckStatus.Warning, "4 of 200 GiB are free at /var/lib/docker", DiskRemedy)]
    [InlineData(Gigabyte, HostCheckStatus.Warning, "1 of 200 GiB are free at /var/lib/docker", DiskRemedy)]
    [InlineData(Gigabyte - 1, HostCheckStatus.Failed, "0 of 200 GiB are free at /var/lib/docker", DiskRemedy)]
    [InlineData(0, HostCheckStatus.Failed, "0 of 200 GiB are free at /var/lib/docker", DiskRemedy)]
    public async Task The_engine_needs_room(long free, HostCheckStatus status, string detail, string remedy)
    {
        var system = new RecordedSystem { Files = { ["/var/lib/docker/x"] = "" }, Disk = new VolumeSpace(free, 200 * Gigabyte) };
        Assert.Equal(new HostCheck("Disk", status, detail, remedy), await CheckAsync(system, "Disk"));
    }

    [Theory]
    [InlineData("/var/lib/docker/x", "/var/lib/docker")]
    [InlineData("/var/lib/x", "/var/lib")]
    [InlineData("/x", "/")]
    public async Task Where_the_engine_is_not_yet_its_room_is_looked_at_all_the_same(string file, string path)
    {
        var system = new RecordedSystem { Files = { [file] = "" } };
        Assert.Equal(new HostCheck("Disk", HostCheckStatus.Passed, $"100 of 200 GiB are free at {path}"), await CheckAsync(system, "Disk"));
    }

    [Theory]
    [InlineData(0, "/data/docker\n", "/data/docker")]
    [InlineData(0, "/gone\n", "/var/lib/docker")]
    [InlineData(1, "", "/var/lib/docker")]
    public async Task An_engine_with_a_data_root_of_its_own_needs_its_room_there(int code, string told, string path)
    {
        var system = new RecordedSystem
        {
            Programs = { "docker" },
            Answers = { ["docker info"] = new ToolResult(code, told, "") },
            Files = { ["/data/docker/x"] = "", ["/var/lib/docker/x"] = "" },
        };
        Assert.Equal(new HostCheck("Disk", HostCheckStatus.Passed, $"100 of 200 GiB are free at {path}"), await CheckAsync(system, "Disk"));
    }

    [Fact]
    public async Task Room_that_cannot_be_told_is_no_failure() =>
        Assert.Equal(
            new HostCheck("Disk", HostCheckStatus.Warning, "the free space at / cannot be told: Input/output error", "Look at 'df -h'."),
            await CheckAsync(new RecordedSystem { Disk = null }, "Disk")
        );

    [Theory]
    [InlineData(false, true, "", HostCheckStatus.Passed, "root", "")]
    [InlineData(true, true, "", HostCheckStatus.Passed, "administrator", "")]
    [InlineData(true, false, "", HostCheckStatus.Failed, "not an administrator", "Start PowerShell as administrator.")]
    [InlineData(false, false, "me sudo docker swarm\n", HostCheckStatus.Passed, "not root, but in the groups docker and swarm", "")]
    [InlineData(
        false,
        false,
        "me docker\n",
        HostCheckStatus.Warning,
        "not root, and not in the group swarm",
        "Run it as root, or have root run 'usermod -aG swarm USER' and log in again."
    )]
    [InlineData(
        false,
        false,
        "me swarm\n",
        HostCheckStatus.Warning,
        "not root, and not in the group docker",
        "Run it as root, or have root run 'usermod -aG docker USER' and log in again."
    )]
    [InlineData(
        false,
        false,
        "me swarmers\n",
        HostCheckStatus.Warning,
        "not root, and not in the groups docker and swarm",
        "Run it as root, or have root run 'usermod -aG docker,swarm USER' and log in again."
    )]
    public async Task Rights_are_roots_or_the_groups(
        bool windows,
        bool administrator,
        string groups,
        HostCheckStatus status,
        string detail,
        string remedy
    )
    {
        var system = new RecordedSystem
        {
            IsWindows = windows,
            IsAdministrator = administrator,
            Answers = { ["id -Gn"] = new ToolResult(0, groups, "") },
        };
        // Windows Firewall is not called: the answer only has to lead there.
        system.Answers["powershell.exe"] = new ToolResult(1, "", "no");
        Assert.Equal(new HostCheck("Rights", status, detail, remedy), await CheckAsync(system, "Rights"));
    }

    [Theory]
    [InlineData(true, "", "", HostCheckStatus.Passed, "nothing listens on the ports of a swarm")]
    [InlineData(true, "22,80", "53,2377", HostCheckStatus.Passed, "nothing listens on the ports of a swarm")]
    [InlineData(true, "2377", "", HostCheckStatus.Warning, "in use: 2377/tcp")]
    [InlineData(false, "2377", "", HostCheckStatus.Passed, "nothing listens on the ports of a swarm")]
    [InlineData(false, "7946", "", HostCheckStatus.Warning, "in use: 7946/tcp")]
    [InlineData(true, "4789", "4789", HostCheckStatus.Warning, "in use: 4789/udp")]
    [InlineData(true, "2377,7946", "7946,4789", HostCheckStatus.Warning, "in use: 2377/tcp, 7946/tcp, 7946/udp, 4789/udp")]
    public async Task Nobody_else_may_listen_on_a_swarms_ports(bool manager, string tcp, string udp, HostCheckStatus status, string detail)
    {
        var system = new RecordedSystem { Ports = new ListeningPorts(Numbers(tcp), Numbers(udp)) };
        var remedy =
            status == HostCheckStatus.Passed
                ? ""
                : "Find the program with 'ss -lntup' and stop it, unless it is a swarm that this host is in.";
        Assert.Equal(
            new HostCheck("PortsFree", status, detail, remedy),
            await CheckAsync(system, "PortsFree", new HostCheckRequest { IsManager = manager })
        );
    }

    [Fact]
    public async Task A_node_listens_on_its_ports_itself()
    {
        var system = new RecordedSystem { Ports = new ListeningPorts(Numbers("2377"), Numbers("")) };
        var checks = await new HostInspection(system, TimeProvider.System).RunAsync(new HostCheckRequest { InSwarm = true }, Stop);
        Assert.DoesNotContain(checks, static c => c.Name == "PortsFree");
    }

    [Theory]
    [InlineData("/proc/sys/kernel/osrelease", "Debian GNU/Linux 12 (bookworm)", HostCheckStatus.Passed, "")]
    [InlineData("/x", "neither Linux nor Windows", HostCheckStatus.Failed, "Nodes run on Linux or Windows.")]
    public async Task A_node_runs_on_Linux(string file, string detail, HostCheckStatus status, string remedy)
    {
        var system = new RecordedSystem
        {
            Files = { [file] = "6.1.0", ["/etc/os-release"] = "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n" },
        };
        Assert.Equal(new HostCheck("OperatingSystem", status, detail, remedy), await CheckAsync(system, "OperatingSystem"));
    }

    [Fact]
    public async Task A_node_runs_on_Windows()
    {
        var system = new RecordedSystem { IsWindows = true, IsAdministrator = false };
        Assert.Equal(
            new HostCheck("OperatingSystem", HostCheckStatus.Passed, RuntimeInformation.OSDescription),
            await CheckAsync(system, "OperatingSystem")
        );
    }

    [Fact]
    public async Task Without_a_firewall_nothing_filters() =>
        Assert.Equal(new HostCheck("Firewall", HostCheckStatus.Passed, "none filters"), await CheckAsync(new RecordedSystem(), "Firewall"));

    [Theory]
    [InlineData(
        "ufw allow 2377/tcp\nufw allow 7946\nufw allow 4789/udp\n",
        HostCheckStatus.Passed,
        "ufw lets the swarm's ports through",
        ""
    )]
    [InlineData(
        "ufw allow 2377/tcp\nufw allow 7946/tcp\n",
        HostCheckStatus.Failed,
        "ufw closes 7946/udp, 4789/udp",
        "Add-SwarmFirewallRule opens them."
    )]
    [InlineData("", HostCheckStatus.Failed, "ufw closes 2377/tcp, 7946/tcp, 7946/udp, 4789/udp", "Add-SwarmFirewallRule opens them.")]
    public async Task A_firewall_must_let_the_ports_through(string rules, HostCheckStatus status, string detail, string remedy)
    {
        var system = new RecordedSystem
        {
            Programs = { "ufw" },
            Answers = { ["ufw status"] = new ToolResult(0, "Status: active\n", ""), ["ufw show added"] = new ToolResult(0, rules, "") },
        };
        Assert.Equal(new HostCheck("Firewall", status, detail, remedy), await CheckAsync(system, "Firewall"));
    }

    [Fact]
    public async Task Two_firewalls_are_one_too_many_to_judge()
    {
        var system = new RecordedSystem
        {
            Programs = { "ufw", "firewall-cmd" },
            Answers =
            {
                ["ufw status"] = new ToolResult(0, "Status: active\n", ""),
                ["firewall-cmd --list-all-zones"] = new ToolResult(0, "public (active)\n", ""),
            },
        };
        Assert.Equal(
            new HostCheck(
                "Firewall",
                HostCheckStatus.Warning,
                "More than one firewall filters on this host: firewalld and ufw. Nothing was changed.",
                "Disable all but one; or name one with -Provider, and then the other, since both must let the packets through."
            ),
            await CheckAsync(system, "Firewall")
        );
    }

    [Fact]
    public async Task A_firewall_is_not_shown_to_everybody() =>
        Assert.Equal(
            new HostCheck(
                "Firewall",
                HostCheckStatus.Warning,
                "The firewall of this host can be read and changed by root only. Nothing was changed.",
                "Run it as root (sudo pwsh), or have swarmd do it: it runs as root, and members of the group swarm may ask it."
            ),
            await CheckAsync(new RecordedSystem { IsAdministrator = false }, "Firewall")
        );

    [Fact]
    public async Task A_firewall_whose_tool_fails_is_not_judged()
    {
        var system = new RecordedSystem
        {
            Programs = { "ufw" },
            Answers = { ["ufw status"] = new ToolResult(1, "", "ERROR: Couldn't determine iptables version\n") },
        };
        Assert.Equal(
            new HostCheck(
                "Firewall",
                HostCheckStatus.Warning,
                "'ufw status' failed: ERROR: Couldn't determine iptables version. Nothing was changed.",
                "Run it by hand and correct what it says."
            ),
            await CheckAsync(system, "Firewall")
        );
    }

    [Theory]
    [InlineData("", "10.0.0.5,192.168.1.7", HostCheckStatus.Warning, "this host has several addresses: 10.0.0.5, 192.168.1.7")]
    [InlineData("", "", HostCheckStatus.Warning, "this host has no address")]
    [InlineData("eth0", "10.0.0.5", HostCheckStatus.Failed, "'eth0' is not an address")]
    public async Task There_must_be_one_address(string given, string own, HostCheckStatus status, string detail)
    {
        var system = new RecordedSystem
        {
            OwnAddresses = [.. own.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)],
        };
        var remedy =
            status == HostCheckStatus.Failed
                ? "Give an address of this host with -Address."
                : "Say which one the nodes are to use, with -Address.";
        Assert.Equal(
            new HostCheck("Address", status, detail, remedy),
            await CheckAsync(system, "Address", new HostCheckRequest { Address = given })
        );
    }

    [Theory]
    [InlineData("10.0.0.5")]
    [InlineData("10.0.0.5,192.168.1.7")]
    public async Task One_of_several_addresses_may_be_given(string own)
    {
        var system = new RecordedSystem
        {
            Programs = { "ip" },
            OwnAddresses = [.. own.Split(',').Select(IPAddress.Parse)],
            Answers =
            {
                ["ip -json address"] = new ToolResult(0, """[{"ifname":"eth0","addr_info":[{"family":"inet","local":"10.0.0.5"}]}]""", ""),
            },
        };
        var request = new HostCheckRequest { Address = own.Contains(',', StringComparison.Ordinal) ? "10.0.0.5" : "" };
        Assert.Equal(
            new HostCheck("Address", HostCheckStatus.Passed, "10.0.0.5 on eth0 is fixed"),
            await CheckAsync(system, "Address", request)
        );
    }

    [Theory]
    [InlineData(false, "10.0.0.5; whether it is fixed cannot be told without the tool ip")]
    [InlineData(true, "10.0.0.5; whether it is fixed cannot be told: Cannot open netlink socket")]
    public async Task Without_the_tool_ip_it_is_not_told_whether_an_address_is_fixed(bool installed, string detail)
    {
        var system = new RecordedSystem { Answers = { ["ip -json address"] = new ToolResult(1, "", "Cannot open netlink socket\n") } };
        if (installed)
        {
            system.Programs.Add("ip");
        }
        Assert.Equal(new HostCheck("Address", HostCheckStatus.Warning, detail, FixedRemedy), await CheckAsync(system, "Address"));
    }

    [Theory]
    [InlineData(true, "does not answer")]
    [InlineData(false, "does not tell its time: Connection refused")]
    public async Task A_clock_that_is_not_told_is_a_warning(bool listens, string detail)
    {
        const string Address = "127.0.0.1";
        using var listener = new TcpListener(IPAddress.Parse(Address), 0);
        listener.Start();
        using var closed = new ClosedPort(Address);
        var port = listens ? ((IPEndPoint)listener.LocalEndpoint).Port : closed.Port;
        Assert.Equal(
            new HostCheck("Clock", HostCheckStatus.Warning, $"{Address}:{port} {detail}", ClockRemedy),
            await CheckAsync(new RecordedSystem(), "Clock", new HostCheckRequest { Peers = [new HostPeer(Address, IsManager: true, port)] })
        );
    }

    private static HashSet<int> Numbers(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static t => int.Parse(t, CultureInfo.InvariantCulture))];
}
