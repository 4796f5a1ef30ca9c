using System.Text;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Hosts;

/// <summary>The common part of the firewall cmdlets: ports, sources and the firewall.</summary>
public abstract class FirewallCmdlet : HostCmdlet
{
    [Parameter]
    [PublishedPorts]
    [Alias("Publish")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string[] Port { get; set; } = [];

    [Parameter]
    public FirewallProvider Provider { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(WordCompleter))]
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
        var daemon = await Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: cancellationToken);
        return daemon.IsManager || daemon.State == V1.LocalNodeState.Inactive;
    }

    /// <summary>Asks -Confirm and -Force before a change. With -WhatIf there is nothing to ask: the host is asked for its commands.</summary>
    private protected bool Approve(V1.Node? node, string action, bool force) => IsWhatIf || Approve(node?.Name ?? ThisHost, action, force);

    /// <summary>Changes an approved host. -WhatIf shows the commands of that host, and puts them on the information stream with the tag SwarmPlan.</summary>
    /// <param name="node">Null: this machine.</param>
    /// <param name="command">The change.</param>
    /// <param name="action">The words for it.</param>
    /// <param name="changed">Called with the name of the host and its report, unless -WhatIf is given.</param>
    /// <param name="cancellationToken">Ctrl+C.</param>
    /// <returns>Writes warnings, and what -WhatIf or <paramref name="changed"/> writes.</returns>
    private protected async Task<Func<ValueTask>> ChangeAsync(
        V1.Node? node,
        V1.FirewallCommand command,
        string action,
        Action<string, V1.FirewallReport> changed,
        CancellationToken cancellationToken
    )
    {
        command.DryRun = IsWhatIf;
        var (host, answer) = await RunAsync(node, new V1.HostCommand { Firewall = command }, cancellationToken);
        return () =>
        {
            Warn(host, answer.Firewall);
            if (command.DryRun)
            {
                ShowPlan(host, answer.Firewall, action);
            }
            else
            {
                changed(host, answer.Firewall);
            }
            return default;
        };
    }

    private void ShowPlan(string host, V1.FirewallReport dry, string action)
    {
        var target = $"{host} ({dry.Provider})";
        var text = new StringBuilder($"Performing the operation \"{action}\" on target \"{VisibleText.Of(target)}\".");
        foreach (var line in dry.Commands)
        {
            text.Append("\n  ").Append(line.Replace("\n", "\n  ", StringComparison.Ordinal));
            WriteInformation(line, ["SwarmPlan"]);
        }
        if (dry.Commands.Count == 0)
        {
            text.Append("\n  nothing to do");
        }
        ShouldProcess(text.ToString(), text.ToString(), action);
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
