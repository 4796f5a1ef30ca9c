using System.Text;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Hosts;

/// <summary>The common part of the firewall cmdlets: ports, sources and the firewall.</summary>
public abstract class FirewallCmdlet : HostCmdlet
{
    [Parameter]
    [PublishedPorts]
    [Alias("Publish")]
    public string[] Port { get; set; } = [];

    [Parameter]
    public FirewallProvider Provider { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Zone { get; set; }

    private protected async Task<V1.FirewallCommand> CommandAsync(
        V1.Node? node,
        V1.FirewallAction action,
        IEnumerable<string> sources,
        CancellationToken cancellationToken
    )
    {
        if (Provider == FirewallProvider.None)
        {
            throw new SwarmException(
                "UnknownFirewallProvider",
                "The provider None stands for a host without a firewall; it cannot be chosen.",
                "None",
                "Choose Firewalld, Ufw, Nftables, Iptables or Windows, or leave -Provider out."
            );
        }
        return new V1.FirewallCommand
        {
            Action = action,
            Provider = (V1.FirewallProvider)Provider,
            Zone = Zone ?? "",
            Manager = await IsManagerAsync(node, cancellationToken),
            Ports = { Port },
            Sources = { sources },
        };
    }

    private async Task<bool> IsManagerAsync(V1.Node? node, CancellationToken cancellationToken)
    {
        if (Role is { } role)
        {
            return role == NodeRole.Manager;
        }
        if (node is not null)
        {
            return node.Role == V1.NodeRole.Manager;
        }
        if (Session is null)
        {
            return true;
        }
        var daemon = await Client.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: cancellationToken);
        return daemon.IsManager || daemon.State == V1.LocalNodeState.Inactive;
    }

    /// <summary>Changes the firewall of a host. -WhatIf shows the commands, and writes them to the information stream with the tag
    /// SwarmPlan.</summary>
    /// <returns>The host's answer; null: there was nothing to do.</returns>
    private protected async Task<(string Host, V1.FirewallReport Report)?> ChangeAsync(
        V1.Node? node,
        V1.FirewallCommand command,
        string action,
        bool force,
        CancellationToken cancellationToken
    )
    {
        if (!IsWhatIf)
        {
            if (!((force && !IsBound("Confirm")) || ShouldProcess(node?.Name ?? ThisHost, action)))
            {
                return null;
            }
            var (name, answer) = await RunAsync(node, new V1.HostCommand { Firewall = command }, cancellationToken);
            Warn(name, answer.Firewall);
            return (name, answer.Firewall);
        }
        command.DryRun = true;
        var (host, dry) = await RunAsync(node, new V1.HostCommand { Firewall = command }, cancellationToken);
        Warn(host, dry.Firewall);
        var target = $"{host} ({dry.Firewall.Provider})";
        var text = new StringBuilder($"Performing the operation \"{action}\" on target \"{target}\".");
        foreach (var line in dry.Firewall.Commands)
        {
            text.Append("\n  ").Append(line.Replace("\n", "\n  ", StringComparison.Ordinal));
            WriteInformation(line, ["SwarmPlan"]);
        }
        if (dry.Firewall.Commands.Count == 0)
        {
            text.Append("\n  nothing to do");
        }
        ShouldProcess(text.ToString(), text.ToString(), action);
        return null;
    }

    private protected void Warn(string host, V1.FirewallReport report)
    {
        foreach (var warning in report.Warnings)
        {
            WriteWarning($"{host}: {warning}");
        }
    }

    private protected static IEnumerable<FirewallRule> Rules(string host, V1.FirewallReport report) =>
        report.Rules.Select(r => new FirewallRule
        {
            Node = host,
            Port = r.Port,
            Purpose = r.Purpose,
            RemoteAddress = [.. r.Sources],
            State = Enum.Parse<FirewallRuleState>(r.State, ignoreCase: true),
            OpenedBy = Enum.Parse<FirewallOpener>(r.OpenedBy, ignoreCase: true),
            Permanent = r.Permanent,
            Provider = (FirewallProvider)report.Provider,
            Detail = r.Detail,
        });
}
