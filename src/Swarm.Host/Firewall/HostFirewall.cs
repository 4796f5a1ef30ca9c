using Swarm.Host.Systems;

namespace Swarm.Host.Firewall;

/// <summary>The firewall of a host: finds the active one, reads which ports of a swarm it accepts, and changes them.</summary>
public sealed class HostFirewall(IHostSystem system)
{
    /// <summary>Serialises the changes of this process.</summary>
    private static readonly SemaphoreSlim Changing = new(1);

    /// <summary>Reads the state of the rules. Our own rules for other ports are listed too.</summary>
    /// <exception cref="HostException">NotAdministrator, FirewallAmbiguous, FirewallNotFound, FirewallNotRunning, FirewallToolFailed.</exception>
    public async Task<FirewallReport> GetAsync(FirewallRequest request, CancellationToken cancellation)
    {
        var provider = await OpenAsync(request, cancellation);
        if (provider is null)
        {
            return Unfiltered(request.Rules);
        }
        var snapshot = await provider.ReadAsync(cancellation);
        return new FirewallReport(
            provider.Kind,
            [.. Statuses(snapshot, request.Rules), .. OtherOwn(snapshot, request.Rules)],
            [],
            snapshot.Warnings
        );
    }

    /// <summary>Opens the ports that are not open yet, permanently where the firewall keeps rules.</summary>
    /// <exception cref="HostException">As <see cref="GetAsync"/>, and PortClosedByAdministrator, FirewallChangeFailed: nothing is changed then.</exception>
    public Task<FirewallReport> AddAsync(FirewallRequest request, CancellationToken cancellation) =>
        ChangeAsync(
            request,
            (provider, snapshot) =>
            {
                RefuseBlocked(provider.Kind, Statuses(snapshot, request.Rules));
                var missing = request
                    .Rules.SelectMany(Openings)
                    .Distinct()
                    .Where(o => snapshot.Live.Count == 0 || snapshot.Live.Concat(snapshot.Permanent).Any(l => l.NeedsRule(o)))
                    .ToList();
                return missing.Count == 0 ? [] : provider.Add(snapshot, missing);
            },
            cancellation
        );

    /// <summary>Removes our own rules: all of them, or the ones for <paramref name="ports"/>. Rules of another origin stay.</summary>
    /// <exception cref="HostException">As <see cref="GetAsync"/>, and FirewallChangeFailed.</exception>
    public Task<FirewallReport> RemoveAsync(FirewallRequest request, IReadOnlyList<PortRange> ports, CancellationToken cancellation) =>
        ChangeAsync(
            request,
            (provider, snapshot) =>
            {
                var ours = snapshot.OurOpenings.Where(o => ports.Count == 0 || ports.Contains(o.Port)).ToList();
                return ours.Count == 0 ? [] : provider.Remove(snapshot, ours);
            },
            cancellation
        );

    private async Task<FirewallReport> ChangeAsync(
        FirewallRequest request,
        Func<FirewallProvider, FirewallSnapshot, IReadOnlyList<HostStep>> plan,
        CancellationToken cancellation
    )
    {
        await Changing.WaitAsync(cancellation);
        try
        {
            var provider = await OpenAsync(request, cancellation);
            if (provider is null)
            {
                return Unfiltered(request.Rules);
            }
            var snapshot = await provider.ReadAsync(cancellation);
            return await ApplyAsync(provider, snapshot, plan(provider, snapshot), request, cancellation);
        }
        finally
        {
            Changing.Release();
        }
    }

    private async Task<FirewallReport> ApplyAsync(
        FirewallProvider provider,
        FirewallSnapshot before,
        IReadOnlyList<HostStep> steps,
        FirewallRequest request,
        CancellationToken cancellation
    )
    {
        var commands = steps.Select(static s => s.ToString()).ToList();
        if (request.DryRun || steps.Count == 0)
        {
            return new FirewallReport(provider.Kind, Statuses(before, request.Rules), commands, before.Warnings);
        }
        await HostChange.RunAsync(
            system,
            steps,
            "FirewallChangeFailed",
            "Correct the tool's error and run it again: present rules are not added twice.",
            cancellation
        );
        var after = await provider.ReadAsync(cancellation);
        return new FirewallReport(provider.Kind, Statuses(after, request.Rules), commands, before.Warnings);
    }

    // -- finding the firewall

    private async Task<FirewallProvider?> OpenAsync(FirewallRequest request, CancellationToken cancellation)
    {
        if (!system.IsAdministrator)
        {
            throw new HostException(
                "NotAdministrator",
                system.IsWindows
                    ? "The firewall of this host can be read and changed by an administrator only. Nothing was changed."
                    : "The firewall of this host can be read and changed by root only. Nothing was changed.",
                "firewall",
                system.IsWindows
                    ? "Start PowerShell as administrator."
                    : "Run it as root (sudo pwsh), or have swarmd do it: it runs as root, and members of the group swarm may ask it."
            );
        }
        return request.Provider is { } chosen
            ? await ChosenAsync(chosen, request.Zone, cancellation)
            : await FindAsync(request.Zone, cancellation);
    }

    private async Task<FirewallProvider?> ChosenAsync(FirewallProviderKind kind, string zone, CancellationToken cancellation)
    {
        if (kind == FirewallProviderKind.None)
        {
            return null;
        }
        var provider = Create(kind, zone);
        if (!provider.IsInstalled || (kind == FirewallProviderKind.Windows) != system.IsWindows)
        {
            throw new HostException(
                "FirewallNotFound",
                $"{NameOf(kind)} is not installed on this host. Nothing was changed.",
                NameOf(kind),
                $"Install it, or choose another -Provider; here {Installed()}."
            );
        }
        await provider.RequireRunningAsync(cancellation);
        return provider;
    }

    private async Task<FirewallProvider?> FindAsync(string zone, CancellationToken cancellation)
    {
        if (system.IsWindows)
        {
            return Create(FirewallProviderKind.Windows, zone);
        }
        List<FirewallProvider> active = [];
        foreach (
            var kind in (FirewallProviderKind[])[FirewallProviderKind.Firewalld, FirewallProviderKind.Ufw, FirewallProviderKind.Nftables]
        )
        {
            var provider = Create(kind, zone);
            if (provider.IsInstalled && await provider.FiltersAsync(cancellation))
            {
                active.Add(provider);
            }
        }
        // firewalld and ufw may have put their rules into iptables.
        if (!active.Any(static p => p.Kind is FirewallProviderKind.Firewalld or FirewallProviderKind.Ufw))
        {
            var iptables = Create(FirewallProviderKind.Iptables, zone);
            if (iptables.IsInstalled && await iptables.FiltersAsync(cancellation))
            {
                active.Add(iptables);
            }
        }
        return active.Count <= 1
            ? active.FirstOrDefault()
            : throw new HostException(
                "FirewallAmbiguous",
                $"More than one firewall filters on this host: {string.Join(" and ", active.Select(static p => NameOf(p.Kind)))}. Nothing was changed.",
                string.Join(",", active.Select(static p => NameOf(p.Kind))),
                "Disable all but one; or name one with -Provider, and then the other, since both must let the packets through."
            );
    }

    private FirewallProvider Create(FirewallProviderKind kind, string zone) =>
        kind switch
        {
            FirewallProviderKind.Firewalld => new FirewalldProvider(system, zone),
            FirewallProviderKind.Ufw => new UfwProvider(system),
            FirewallProviderKind.Nftables => new NftablesProvider(system),
            FirewallProviderKind.Iptables => new IptablesProvider(system),
            FirewallProviderKind.Windows => new WindowsFirewallProvider(system),
            _ => throw new HostException(
                "UnknownFirewallProvider",
                $"There is no firewall provider '{kind}'.",
                kind.ToString(),
                "Choose Firewalld, Ufw, Nftables, Iptables or Windows."
            ),
        };

    private string Installed()
    {
        var there = Enum.GetValues<FirewallProviderKind>()
            .Where(k =>
                k != FirewallProviderKind.None && (k == FirewallProviderKind.Windows) == system.IsWindows && Create(k, "").IsInstalled
            )
            .Select(NameOf)
            .ToList();
        return there.Count == 0 ? "none is installed" : $"there is {string.Join(", ", there)}";
    }

    internal static string NameOf(FirewallProviderKind kind) =>
        kind == FirewallProviderKind.Windows ? "Windows Firewall" : kind.ToString().ToLowerInvariant();

    // -- the state of the rules

    private static IEnumerable<Opening> Openings(FirewallRule rule) =>
        rule.Sources.Count == 0 ? [new Opening(rule.Port, null)] : rule.Sources.Select(s => new Opening(rule.Port, s));

    private static IReadOnlyList<FirewallRuleStatus> Statuses(FirewallSnapshot snapshot, IReadOnlyList<FirewallRule> rules) =>
        [.. rules.Select(r => Status(snapshot, r))];

    private static FirewallRuleStatus Status(FirewallSnapshot snapshot, FirewallRule rule)
    {
        var openings = Openings(rule).ToList();
        var verdicts = openings
            .SelectMany(o => snapshot.Live.Select(l => (List: l, Verdict: l.Judge(o))))
            .Where(static v => !v.Verdict.AnotherFamily)
            .ToList();
        if (verdicts.FirstOrDefault(static v => v.Verdict.State == FirewallRuleState.Blocked) is { List: not null } blocked)
        {
            return new FirewallRuleStatus(rule, FirewallRuleState.Blocked, FirewallOpener.None, false, blocked.Verdict.By!.Text);
        }
        if (verdicts.FirstOrDefault(static v => v.Verdict.State == FirewallRuleState.Closed) is { List: not null } closed)
        {
            var detail = closed.Verdict.By?.Text ?? $"no rule in {closed.List.Name} opens it";
            return new FirewallRuleStatus(rule, FirewallRuleState.Closed, FirewallOpener.None, false, detail);
        }
        var by = verdicts.Select(static v => v.Verdict.By).OfType<FirewallEntry>().ToList();
        var opener =
            by.Count == 0 ? FirewallOpener.Default
            : by.Any(static e => e.Ours) ? FirewallOpener.Swarm
            : FirewallOpener.Administrator;
        var permanent =
            snapshot.LiveIsKept
            || opener == FirewallOpener.Default
            || (
                snapshot.Permanent.Count > 0
                    ? openings.All(o => snapshot.Permanent.All(l => l.Judge(o).State == FirewallRuleState.Open))
                    : opener == FirewallOpener.Swarm && openings.All(snapshot.IsKept)
            );
        var text = by.Count == 0 ? "open by default" : string.Join("; ", by.Select(static e => e.Text).Distinct());
        return new FirewallRuleStatus(rule, FirewallRuleState.Open, opener, permanent, text);
    }

    private static IEnumerable<FirewallRuleStatus> OtherOwn(FirewallSnapshot snapshot, IReadOnlyList<FirewallRule> rules) =>
        snapshot
            .OurOpenings.Where(o => !rules.Any(r => r.Port == o.Port))
            .GroupBy(static o => o.Port)
            .Select(g =>
            {
                AddressRange[] sources = g.Any(static o => o.Source is null) ? [] : [.. g.Select(static o => o.Source!.Value)];
                return Status(snapshot, new FirewallRule(g.Key, SwarmPorts.PurposeOf(g.Key), sources));
            });

    private static FirewallReport Unfiltered(IReadOnlyList<FirewallRule> rules) =>
        new(
            FirewallProviderKind.None,
            [
                .. rules.Select(static r => new FirewallRuleStatus(
                    r,
                    FirewallRuleState.Open,
                    FirewallOpener.Default,
                    true,
                    "no firewall filters on this host"
                )),
            ],
            [],
            ["No firewall filters on this host: every port is open. Start the one that shall protect it first."]
        );

    private static void RefuseBlocked(FirewallProviderKind kind, IReadOnlyList<FirewallRuleStatus> statuses)
    {
        var blocked = statuses.Where(static s => s.State == FirewallRuleState.Blocked).ToList();
        if (blocked.Count > 0)
        {
            throw new HostException(
                "PortClosedByAdministrator",
                $"A rule of {NameOf(kind)} closes {string.Join(", ", blocked.Select(static s => $"{s.Rule.Port} ({s.Detail})"))}. Nothing was changed.",
                string.Join(",", blocked.Select(static s => s.Rule.Port)),
                "It was made on purpose and is not overruled: remove it, then run this again."
            );
        }
    }
}
