using System.Numerics;
using System.Text.Json;
using Swarm.Host.Systems;

namespace Swarm.Host.Firewall;

/// <summary>Windows Firewall, through the cmdlets of NetSecurity: netsh answers in the system's language. Our rules are in the group
/// Swarm.</summary>
internal sealed class WindowsFirewallProvider(IHostSystem system) : FirewallProvider(system)
{
    public const string Group = "Swarm";

    /// <summary>Every inbound rule that is in effect and is not limited to one program, as lines of JSON.</summary>
    internal const string ReadScript =
        "$ErrorActionPreference='Stop'; "
        + "$on = @(Get-NetFirewallProfile -PolicyStore ActiveStore | Where-Object { $_.Enabled -eq 'True' }).Count; "
        + "$default = @(Get-NetFirewallProfile -PolicyStore ActiveStore | Where-Object { $_.Enabled -eq 'True' -and $_.DefaultInboundAction -eq 'Allow' }).Count; "
        + "@{ Profiles = $on; Allowing = $default } | ConvertTo-Json -Compress; "
        + "Get-NetFirewallRule -PolicyStore ActiveStore -Direction Inbound -Enabled True | ForEach-Object { "
        + "$p = $_ | Get-NetFirewallPortFilter; $a = $_ | Get-NetFirewallAddressFilter; $x = $_ | Get-NetFirewallApplicationFilter; "
        + "if ($x.Program -eq 'Any') { @{ Name = $_.Name; Group = \"$($_.Group)\"; Action = \"$($_.Action)\"; Protocol = \"$($p.Protocol)\"; "
        + "Ports = @($p.LocalPort); Remote = @($a.RemoteAddress) } | ConvertTo-Json -Compress } }";

    public override FirewallProviderKind Kind => FirewallProviderKind.Windows;

    protected override string Tool => "powershell.exe";

    public override Task<bool> FiltersAsync(CancellationToken cancellation) => Task.FromResult(System.IsWindows);

    public override async Task<FirewallSnapshot> ReadAsync(CancellationToken cancellation)
    {
        List<FirewallEntry> entries = [];
        var accepts = false;
        foreach (
            var line in (await ReadToolAsync(PowerShell(ReadScript), cancellation)).Split(
                '\n',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            )
        )
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.TryGetProperty("Profiles", out var profiles))
            {
                accepts = profiles.GetInt32() == root.GetProperty("Allowing").GetInt32();
            }
            else if (Read(root) is { } entry)
            {
                entries.Add(entry);
            }
        }
        // A block rule goes before every allow rule.
        return new FirewallSnapshot([new FirewallList("Windows Firewall", null, [.. entries.OrderBy(static e => e.Accepts)], accepts)], [])
        {
            LiveIsKept = true,
        };
    }

    public override IReadOnlyList<HostStep> Add(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings) =>
        [.. openings.Select(static o => new CommandStep(PowerShell(New(o)), PowerShell(Delete(o))))];

    public override IReadOnlyList<HostStep> Remove(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings) =>
        [.. openings.Select(static o => new CommandStep(PowerShell(Delete(o)), PowerShell(New(o))))];

    private static ToolCommand PowerShell(string script) => new("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", script);

    private static string Name(Opening opening) =>
        $"swarm-{opening.Port.Ports}-{opening.Port.ProtocolName}{(opening.Source is { } s ? $"-{s}" : "")}";

    private static string New(Opening opening) =>
        $"New-NetFirewallRule -Name '{Name(opening)}' -DisplayName '{opening.Comment} ({opening.Port})' -Group '{Group}' -Direction Inbound -Action Allow "
        + $"-Protocol {opening.Port.ProtocolName.ToUpperInvariant()} -LocalPort {opening.Port.Ports}"
        + $"{(opening.Source is { } source ? $" -RemoteAddress {source}" : "")} -ErrorAction Stop | Out-Null";

    private static string Delete(Opening opening) => $"Remove-NetFirewallRule -Name '{Name(opening)}' -ErrorAction Stop";

    private static FirewallEntry? Read(JsonElement rule)
    {
        var protocol = rule.GetProperty("Protocol").GetString()!;
        if (protocol is not ("TCP" or "UDP" or "Any"))
        {
            return null;
        }
        List<PortRange> ports = [];
        var everyPort = false;
        var conditional = false;
        foreach (var port in rule.GetProperty("Ports").EnumerateArray().Select(static p => p.ToString()))
        {
            everyPort |= port == "Any";
            if (PortRange.TryParse($"{port}/{protocol}", out var range))
            {
                ports.Add(range);
            }
            else
            {
                conditional |= port != "Any";
            }
        }
        List<AddressRange> sources = [];
        var everybody = false;
        foreach (var remote in rule.GetProperty("Remote").EnumerateArray().Select(static r => r.ToString()))
        {
            everybody |= remote == "Any";
            if (AddressRange.TryParse(WithPrefix(remote), out var range))
            {
                sources.Add(range);
            }
            else
            {
                conditional |= remote != "Any";
            }
        }
        return new FirewallEntry
        {
            Ports = everyPort ? null : ports,
            Sources = everybody ? null : sources,
            Accepts = rule.GetProperty("Action").GetString() == "Allow",
            Conditional = conditional || (everyPort && protocol != "Any"),
            Ours = rule.GetProperty("Group").GetString() == Group,
            Text = $"rule {rule.GetProperty("Name").GetString()}",
        };
    }

    /// <summary>Windows shows a network as 10.0.0.0/255.255.255.0.</summary>
    private static string WithPrefix(string address)
    {
        var parts = address.Split('/');
        return parts.Length == 2 && parts[1].Contains('.') && AddressRange.TryParse(parts[1], out var mask)
            ? $"{parts[0]}/{mask.Network.BaseAddress.GetAddressBytes().Sum(static b => BitOperations.PopCount(b))}"
            : address;
    }
}
