using Swarm.Host.Systems;

namespace Swarm.Host.Firewall;

/// <summary>One kind of firewall: reads what it does, and says by which steps openings are added and removed.</summary>
internal abstract class FirewallProvider(IHostSystem system)
{
    protected IHostSystem System => system;

    public abstract FirewallProviderKind Kind { get; }

    /// <summary>The program that must be there.</summary>
    protected abstract string Tool { get; }

    public bool IsInstalled => System.Find(Tool) is not null;

    /// <summary>It runs, and lets not everything through.</summary>
    public abstract Task<bool> FiltersAsync(CancellationToken cancellation);

    /// <summary>Can it be changed now?</summary>
    /// <exception cref="HostException">FirewallNotRunning.</exception>
    public virtual Task RequireRunningAsync(CancellationToken cancellation) => Task.CompletedTask;

    public abstract Task<FirewallSnapshot> ReadAsync(CancellationToken cancellation);

    /// <param name="snapshot">As read.</param>
    /// <param name="openings">Those that are not open everywhere yet.</param>
    public abstract IReadOnlyList<HostStep> Add(FirewallSnapshot snapshot, IReadOnlyList<Opening> openings);

    /// <param name="snapshot">As read.</param>
    /// <param name="openings">Each is of a rule of our own.</param>
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
