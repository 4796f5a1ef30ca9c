using Swarm.Host.Systems;

namespace Swarm.Host.Firewall;

/// <summary>A kind of firewall: reads its rules, and makes the steps that add and remove openings.</summary>
internal abstract class FirewallProvider(IHostSystem system)
{
    protected IHostSystem System => system;

    public abstract FirewallProviderKind Kind { get; }

    /// <summary>The program that the provider needs.</summary>
    protected abstract string Tool { get; }

    public bool IsInstalled => System.Find(Tool) is not null;

    /// <summary>True when the firewall runs and does not accept everything.</summary>
    public abstract Task<bool> FiltersAsync(CancellationToken cancellation);

    /// <summary>Throws unless the firewall can be changed now.</summary>
    /// <exception cref="HostException">FirewallNotRunning.</exception>
    public virtual Task RequireRunningAsync(CancellationToken cancellation) => Task.CompletedTask;

    public abstract Task<FirewallSnapshot> ReadAsync(CancellationToken cancellation);

    /// <param name="snapshot">The rules as they were read.</param>
    /// <param name="openings">Openings that are not open everywhere yet.</param>
    public abstract IReadOnlyList<HostStep> Add(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings);

    /// <param name="snapshot">The rules as they were read.</param>
    /// <param name="openings">Openings of rules with our mark.</param>
    public abstract IReadOnlyList<HostStep> Remove(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings);

    /// <summary>Runs a tool that only reads.</summary>
    /// <exception cref="HostException">FirewallToolFailed.</exception>
    protected async Task<string> ReadToolAsync(CancellationToken cancellation, params string[] arguments) =>
        await ReadToolAsync(new ToolCommand(Tool, arguments), cancellation);

    protected async Task<string> ReadToolAsync(ToolCommand command, CancellationToken cancellation)
    {
        var result = await System.RunAsync(command, cancellation);
        return result.Succeeded
            ? result.Output
            : throw new HostException(
                "FirewallToolFailed",
                $"'{command}' failed: {result.Reason}. Nothing was changed.",
                command.Program,
                "Run it by hand and correct what it says."
            );
    }
}
