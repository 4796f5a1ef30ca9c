namespace Swarm.Host.Systems;

/// <summary>One change of a host, with the way back.</summary>
internal abstract class HostStep
{
    /// <summary>Exactly what is done, as one would type it.</summary>
    public abstract override string ToString();

    /// <exception cref="HostException">It failed; nothing of this step is in effect.</exception>
    public abstract Task DoAsync(IHostSystem system, CancellationToken cancellation);

    public abstract Task UndoAsync(IHostSystem system);

    public virtual bool CanUndo => true;
}

/// <summary>Runs a program.</summary>
/// <param name="command">What changes.</param>
/// <param name="undo">What takes it back; null when it changes nothing that lasts, or cannot be taken back.</param>
internal sealed class CommandStep(ToolCommand command, ToolCommand? undo = null) : HostStep
{
    public ToolCommand Command => command;

    public override bool CanUndo => undo is not null;

    public override string ToString() => command.ToString();

    public override async Task DoAsync(IHostSystem system, CancellationToken cancellation)
    {
        var result = await system.RunAsync(command, cancellation);
        if (!result.Succeeded)
        {
            throw new HostException("ToolFailed", $"'{command}' failed: {result.Reason}", command.Program, "");
        }
    }

    public override async Task UndoAsync(IHostSystem system)
    {
        if (undo is not null && await system.RunAsync(undo, CancellationToken.None) is { Succeeded: false } result)
        {
            throw new HostException("ToolFailed", $"'{undo}' failed: {result.Reason}", undo.Program, "");
        }
    }
}

/// <summary>Replaces a text file, or removes it.</summary>
/// <param name="path">Which.</param>
/// <param name="before">What it held; null: it was not there.</param>
/// <param name="after">What it is to hold; null: it is removed.</param>
internal sealed class FileStep(string path, string? before, string? after) : HostStep
{
    public override string ToString()
    {
        if (after is null)
        {
            return $"rm {ToolCommand.Quote(path)}";
        }
        return before is not null && after.StartsWith(before, StringComparison.Ordinal)
            ? $"cat >> {ToolCommand.Quote(path)} <<'EOF'\n{after[before.Length..].TrimEnd('\n')}\nEOF"
            : $"cat > {ToolCommand.Quote(path)} <<'EOF'\n{after.TrimEnd('\n')}\nEOF";
    }

    public override Task DoAsync(IHostSystem system, CancellationToken cancellation)
    {
        Set(system, after);
        return Task.CompletedTask;
    }

    public override Task UndoAsync(IHostSystem system)
    {
        Set(system, before);
        return Task.CompletedTask;
    }

    private void Set(IHostSystem system, string? text)
    {
        try
        {
            if (text is null)
            {
                system.Delete(path);
            }
            else
            {
                system.Write(path, text);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostException("FileNotWritable", $"'{path}' cannot be changed: {e.Message}", path, "", e);
        }
    }
}
