using Swarm.Host.Firewall;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Firewall;

/// <summary>Hosts whose firewall filters, and requests to it.</summary>
internal static class FirewallHosts
{
    public static FirewallRequest Request(string[]? published = null, string[]? sources = null, FirewallProviderKind? provider = null) =>
        new()
        {
            Rules = SwarmPorts.Rules(
                manager: true,
                [.. (published ?? []).Select(p => PortRange.TryParse(p, out var range) ? range : throw new FormatException(p))],
                [.. (sources ?? []).Select(s => AddressRange.TryParse(s, out var range) ? range : throw new FormatException(s))]
            ),
            Provider = provider,
        };

    public static async Task<NamespaceHost> FilteringAsync(FirewallProviderKind kind)
    {
        switch (kind)
        {
            case FirewallProviderKind.Firewalld:
                var firewalld = await NamespaceHost.StartAsync("firewall-cmd", "dbus-daemon");
                await firewalld.StartFirewalldAsync();
                return firewalld;
            case FirewallProviderKind.Ufw:
                var ufw = await NamespaceHost.StartAsync("ufw");
                // Like the start of a host where ufw was enabled; 'ufw enable' itself takes ten times as long.
                await ufw.ShellAsync("sed -i s/ENABLED=no/ENABLED=yes/ /etc/ufw/ufw.conf; /lib/ufw/ufw-init start");
                return ufw;
            case FirewallProviderKind.Nftables:
                var nft = await NamespaceHost.StartAsync("nft");
                nft.Write("/etc/nftables.conf", NftConfiguration);
                await nft.ShellAsync("nft -f /etc/nftables.conf");
                return nft;
            default:
                var iptables = await NamespaceHost.StartAsync("iptables");
                await iptables.ShellAsync(
                    """
                    for t in iptables ip6tables; do
                        $t -A INPUT -i lo -j ACCEPT; $t -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
                        $t -A INPUT -p tcp --dport 22 -j ACCEPT; $t -P INPUT DROP
                    done
                    mkdir -p /etc/iptables; iptables-save >/etc/iptables/rules.v4; ip6tables-save >/etc/iptables/rules.v6
                    """
                );
                return iptables;
        }
    }

    private const string NftConfiguration = """
        flush ruleset
        table inet filter {
            chain input {
                type filter hook input priority filter; policy drop;
                ct state established,related accept
                iif lo accept
                tcp dport 22 accept
            }
        }

        """;

    /// <summary>All rules of the tool, live and kept, and our own files.</summary>
    public static async Task<string> DumpAsync(NamespaceHost host, FirewallProviderKind kind) =>
        await host.ShellAsync(
            kind switch
            {
                FirewallProviderKind.Firewalld => "nft list table inet firewalld; firewall-cmd --permanent --list-all-zones",
                FirewallProviderKind.Ufw =>
                    "iptables -S ufw-user-input; ip6tables -S ufw6-user-input; grep '^### tuple' /etc/ufw/user.rules /etc/ufw/user6.rules || true",
                FirewallProviderKind.Nftables => "nft list ruleset; cat /etc/nftables.conf",
                _ => "iptables -S; ip6tables -S; grep -v '^#' /etc/iptables/rules.v4 /etc/iptables/rules.v6",
            } + "; ls /etc/swarm 2>/dev/null || true; cat /etc/swarm/* 2>/dev/null || true"
        );
}
