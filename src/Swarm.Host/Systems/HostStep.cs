namespace Swarm.Host.Systems;

/// <summary>A change of a host that can be undone.</summary>
internal abstract class HostStep
{
    /// <summary>The exact command or change, as a person would type it.</summary>
    public abstract override string ToString();

    /// <exception cref="HostException">The step failed; no part of it is in effect.</exception>
    public abstract Task DoAsync(IHostSystem system, CancellationToken cancellation);

    public abstract Task UndoAsync(IHostSystem system);

    public virtual bool CanUndo => true;
}

/// <summary>Runs a program.</summary>
/// <param name="command">Makes the change.</param>
/// <param name="undo">Reverts the change; null when nothing lasting changes, or when it cannot be reverted.</param>
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
/// <param name="path">Path of the file.</param>
/// <param name="before">The present content; null: the file does not exist.</param>
/// <param name="after">The new content; null: the file is removed.</param>
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
