namespace Swarm.Host.Daemon;

/// <summary>A swarmd to install, as the module holds it.</summary>
public sealed record DaemonInstallRequest
{
    /// <summary>Files and folders to copy: the program, and what must lie beside it. A path that ends in <c>/.</c>: all that is in the folder.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Name of the program among them: <c>swarmd</c>, or <c>swarmd.dll</c> with a <see cref="Runtime"/>.</summary>
    public required string Program { get; init; }

    /// <summary>Full path of the dotnet host that runs the program; empty: the program is native.</summary>
    public string Runtime { get; init; } = "";

    /// <summary>The unit for systemd, as it is shipped. Its ExecStart is replaced by the one of this program.</summary>
    public required string Unit { get; init; }

    /// <summary>Change nothing; say what would be run.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What was done, or would be.</summary>
/// <param name="Folder">Where swarmd is, or was.</param>
/// <param name="Unit">Path of systemd's unit.</param>
/// <param name="ExecStart">What starts swarmd; empty after a removal.</param>
/// <param name="Commands">What was run, or would be.</param>
/// <param name="Warnings">What a person should know.</param>
public sealed record DaemonReport(
    string Folder,
    string Unit,
    string ExecStart,
    IReadOnlyList<string> Commands,
    IReadOnlyList<string> Warnings
);
