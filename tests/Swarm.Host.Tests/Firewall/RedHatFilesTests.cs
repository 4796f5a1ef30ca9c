using Swarm.Host.Firewall;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Firewall;

/// <summary>The files of Red Hat's services nftables and iptables. No such system runs here, so commands and files are compared with the
/// recorded
/// ones.</summary>
public sealed class RedHatFilesTests
{
    private const string NftPath = "/etc/sysconfig/nftables.conf";
    private const string IptablesPath = "/etc/sysconfig/iptables";

    /// <summary>The output of 'nft list ruleset', which Red Hat's manual says to keep.</summary>
    private const string NftConfiguration = """
        table inet filter {
        	chain input {
        		type filter hook input priority filter; policy drop;
        		ct state established,related accept
        		tcp dport 22 accept
        	}
        }

        """;

    private const string NftList = """
        {"nftables":[{"metainfo":{"version":"1.0.9","json_schema_version":1}},{"table":{"family":"inet","name":"filter","handle":1}},
        {"chain":{"family":"inet","table":"filter","name":"input","handle":1,"type":"filter","hook":"input","prio":0,"policy":"drop"}},
        {"rule":{"family":"inet","table":"filter","chain":"input","handle":3,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"accept":null}]}}]}
        """;

    /// <summary>The file of the package iptables-services.</summary>
    private const string IptablesFile = """
        # sample configuration for iptables service
        *filter
        :INPUT ACCEPT [0:0]
        :FORWARD ACCEPT [0:0]
        :OUTPUT ACCEPT [0:0]
        -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
        -A INPUT -p icmp -j ACCEPT
        -A INPUT -i lo -j ACCEPT
        -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
        -A INPUT -j REJECT --reject-with icmp-host-prohibited
        -A FORWARD -j REJECT --reject-with icmp-host-prohibited
        COMMIT

        """;

    private const string IptablesList = """
        -P INPUT ACCEPT
        -P FORWARD ACCEPT
        -P OUTPUT ACCEPT
        -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
        -A INPUT -p icmp -j ACCEPT
        -A INPUT -i lo -j ACCEPT
        -A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
        -A INPUT -j REJECT --reject-with icmp-host-prohibited
        -A FORWARD -j REJECT --reject-with icmp-host-prohibited

        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string Lines(string text) => text.ReplaceLineEndings("\n");

    private static RecordedSystem Nftables() =>
        new()
        {
            Programs = { "nft" },
            Files = { [NftPath] = Lines(NftConfiguration) },
            Answers = { ["nft -j list ruleset"] = new ToolResult(0, NftList, "") },
        };

    private static RecordedSystem Iptables() =>
        new()
        {
            Programs = { "iptables", "ip6tables" },
            Files = { [IptablesPath] = Lines(IptablesFile), ["/etc/sysconfig/ip6tables"] = Lines(IptablesFile) },
            Answers =
            {
                ["iptables -w -S"] = new ToolResult(0, IptablesList, ""),
                ["ip6tables -w -S"] = new ToolResult(0, IptablesList, ""),
            },
        };

    [Fact]
    public async Task Rules_of_nftables_are_kept_in_a_file_that_Red_Hats_includes()
    {
        var system = Nftables();
        var report = await new HostFirewall(system).AddAsync(FirewallHosts.Request(), Stop);
        Assert.Equal(
            Lines(
                """
                cat > /etc/swarm/nftables.nft <<'EOF'
                # Rules that Swarm added, and may remove.
                insert rule inet filter input tcp dport 2377 accept comment "Swarm rule: cluster management"
                insert rule inet filter input tcp dport 7946 accept comment "Swarm rule: node to node"
                insert rule inet filter input udp dport 7946 accept comment "Swarm rule: node to node"
                insert rule inet filter input udp dport 4789 accept comment "Swarm rule: overlay network"
                EOF
                cat >> /etc/sysconfig/nftables.conf <<'EOF'
                include "/etc/swarm/nftables.nft"
                EOF
                nft -c -f /etc/sysconfig/nftables.conf
                nft -f - <<'EOF'
                insert rule inet filter input tcp dport 2377 accept comment "Swarm rule: cluster management"
                insert rule inet filter input tcp dport 7946 accept comment "Swarm rule: node to node"
                insert rule inet filter input udp dport 7946 accept comment "Swarm rule: node to node"
                insert rule inet filter input udp dport 4789 accept comment "Swarm rule: overlay network"
                EOF
                """
            ),
            string.Join('\n', report.Commands)
        );
        Assert.Equal(Lines(NftConfiguration) + "include \"/etc/swarm/nftables.nft\"\n", system.Files[NftPath]);
    }

    [Fact]
    public async Task A_configuration_that_does_not_load_is_put_back()
    {
        var system = Nftables();
        system.Answers["nft -c -f /etc/sysconfig/nftables.conf"] = new ToolResult(1, "", "syntax error");
        var failed = await Assert.ThrowsAsync<HostException>(() => new HostFirewall(system).AddAsync(FirewallHosts.Request(), Stop));
        Assert.Equal("FirewallChangeFailed", failed.ErrorId);
        Assert.Equal(Lines(NftConfiguration), system.Files[NftPath]);
        Assert.DoesNotContain("/etc/swarm/nftables.nft", system.Files.Keys);
        Assert.DoesNotContain(system.Ran, static c => c.StartsWith("nft -f", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rules_of_iptables_go_into_Red_Hats_files_and_out_of_them_again()
    {
        var system = Iptables();
        var report = await new HostFirewall(system).AddAsync(FirewallHosts.Request(sources: ["10.0.0.0/24"]), Stop);
        const string Rules = """
            -A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 2377 -m comment --comment "Swarm rule: cluster management" -j ACCEPT
            -A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 7946 -m comment --comment "Swarm rule: node to node" -j ACCEPT
            -A INPUT -s 10.0.0.0/24 -p udp -m udp --dport 7946 -m comment --comment "Swarm rule: node to node" -j ACCEPT
            -A INPUT -s 10.0.0.0/24 -p udp -m udp --dport 4789 -m comment --comment "Swarm rule: overlay network" -j ACCEPT

            """;
        const string Established = "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n";
        Assert.Equal(
            Lines(IptablesFile).Replace(Established, Lines(Rules) + Established, StringComparison.Ordinal),
            system.Files[IptablesPath]
        );
        Assert.Equal(Lines(IptablesFile), system.Files["/etc/sysconfig/ip6tables"]);
        Assert.Equal(
            Lines(
                """
                iptables-restore --test /etc/sysconfig/iptables
                iptables -w -I INPUT -s 10.0.0.0/24 -p udp -m udp --dport 4789 -m comment --comment 'Swarm rule: overlay network' -j ACCEPT
                iptables -w -I INPUT -s 10.0.0.0/24 -p udp -m udp --dport 7946 -m comment --comment 'Swarm rule: node to node' -j ACCEPT
                iptables -w -I INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 7946 -m comment --comment 'Swarm rule: node to node' -j ACCEPT
                iptables -w -I INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 2377 -m comment --comment 'Swarm rule: cluster management' -j ACCEPT
                """
            ),
            string.Join('\n', report.Commands.Where(static c => !c.StartsWith("cat ", StringComparison.Ordinal)))
        );

        const string Head = "-P OUTPUT ACCEPT\n";
        system.Answers["iptables -w -S"] = new ToolResult(
            0,
            Lines(IptablesList).Replace(Head, Head + Lines(Rules), StringComparison.Ordinal),
            ""
        );
        var kept = await new HostFirewall(system).GetAsync(FirewallHosts.Request(sources: ["10.0.0.0/24"]), Stop);
        Assert.All(kept.Rules, static r => Assert.Equal((FirewallOpener.Swarm, true), (r.OpenedBy, r.Permanent)));
        await new HostFirewall(system).RemoveAsync(FirewallHosts.Request(), [], Stop);
        Assert.Equal(Lines(IptablesFile), system.Files[IptablesPath]);
    }

    [Fact]
    public async Task A_file_of_rules_that_cannot_be_restored_is_put_back()
    {
        var system = Iptables();
        system.Answers["iptables-restore --test"] = new ToolResult(2, "", "iptables-restore: line 7 failed");
        var failed = await Assert.ThrowsAsync<HostException>(() => new HostFirewall(system).AddAsync(FirewallHosts.Request(), Stop));
        Assert.Contains("line 7 failed", failed.Message, StringComparison.Ordinal);
        Assert.Equal(Lines(IptablesFile), system.Files[IptablesPath]);
        Assert.DoesNotContain(system.Ran, static c => c.Contains(" -I ", StringComparison.Ordinal));
    }
}
