using Swarm.Host.Systems;

namespace Swarm.Host.Daemon;

/// <summary>Writes or removes a unit and has systemd reload its units. Undoing does the same, so that systemd then starts the former
/// unit.</summary>
/// <param name="file">The unit.</param>
/// <param name="reload">Null: systemd does not run here.</param>
internal sealed class UnitStep(FileStep file, ToolCommand? reload) : HostStep
{
    public override string ToString() => reload is null ? file.ToString() : $"{file}\n{reload}";

    public override async Task DoAsync(IHostSystem system, CancellationToken cancellation)
    {
        await file.DoAsync(system, cancellation);
        try
        {
            await ReloadAsync(system, cancellation);
        }
        catch
        {
            await file.UndoAsync(system);
            throw;
        }
    }

    public override async Task UndoAsync(IHostSystem system)
    {
        await file.UndoAsync(system);
        await ReloadAsync(system, CancellationToken.None);
    }

    private Task ReloadAsync(IHostSystem system, CancellationToken cancellation) =>
        reload is null ? Task.CompletedTask : new CommandStep(reload).DoAsync(system, cancellation);
}
