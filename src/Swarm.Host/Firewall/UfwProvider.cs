using Swarm.Host.Systems;

namespace Swarm.Host.Firewall;

/// <summary>ufw: rules with our comment. ufw keeps them by itself, also while it is inactive.</summary>
internal sealed class UfwProvider(IHostSystem system) : FirewallProvider(system)
{
    public const string DefaultsPath = "/etc/default/ufw";

    private bool? _active;

    public override FirewallProviderKind Kind => FirewallProviderKind.Ufw;

    protected override string Tool => "ufw";

    /// <summary>Adding and removing rules does not change the answer, so ufw is asked once.</summary>
    public override async Task<bool> FiltersAsync(CancellationToken cancellation) =>
        _active ??= (await ReadToolAsync(cancellation, "status")).Contains("Status: active", StringComparison.Ordinal);

    public override async Task<FirewallSnapshot> ReadAsync(CancellationToken cancellation)
    {
        var entries = (await ReadToolAsync(cancellation, "show", "added"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(static l => l.StartsWith("ufw ", StringComparison.Ordinal))
            .Select(UfwRule.Parse)
            .OfType<FirewallEntry>()
            .ToList();
        var active = await FiltersAsync(cancellation);
        var accepts = (System.Read(DefaultsPath) ?? "")
            .Split('\n')
            .Any(static l => l.Replace("\"", "", StringComparison.Ordinal).Trim() == "DEFAULT_INPUT_POLICY=ACCEPT");
        return new FirewallSnapshot([new FirewallList("ufw", null, entries, accepts)], [])
        {
            LiveIsKept = true,
            Warnings = active ? [] : ["ufw is inactive: nothing is filtered; its rules take effect when it is enabled."],
        };
    }

    public override IReadOnlyList<HostStep> Add(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings) =>
        [
            .. openings.Select(o =>
            {
                // ufw would never evaluate our rule behind a rule that closes everything.
                var behind = snapshot.Live[0].Judge(o).By is { ClosesEverything: true };
                string[] place = behind ? ["insert", "1"] : [];
                return new CommandStep(
                    new ToolCommand(Tool, [.. place, "allow", .. Words(o), "comment", o.Comment]),
                    new ToolCommand(Tool, ["delete", "allow", .. Words(o)])
                );
            }),
        ];

    public override IReadOnlyList<HostStep> Remove(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings) =>
        [
            .. openings.Select(o => new CommandStep(
                new ToolCommand(Tool, ["delete", "allow", .. Words(o)]),
                new ToolCommand(Tool, ["allow", .. Words(o), "comment", o.Comment])
            )),
        ];

    private static string[] Words(Opening opening) =>
        opening.Source is { } source
            ? ["from", source.ToString(), "to", "any", "port", opening.Port.Join(":"), "proto", opening.Port.ProtocolName]
            : [$"{opening.Port.Join(":")}/{opening.Port.ProtocolName}"];
}
