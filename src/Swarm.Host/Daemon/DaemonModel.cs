namespace Swarm.Host.Daemon;

/// <summary>A swarmd to install, as the module contains it.</summary>
public sealed record DaemonInstallRequest
{
    /// <summary>Files and folders to copy: the program, and the files that must lie beside it. A path that ends in <c>/.</c> means the
    /// contents of the folder.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Name of the program among them: <c>swarmd</c>, or <c>swarmd.dll</c> with a <see cref="Runtime"/>.</summary>
    public required string Program { get; init; }

    /// <summary>Full path of the dotnet host that runs the program; empty: the program is native.</summary>
    public string Runtime { get; init; } = "";

    /// <summary>The unit for systemd, as it is shipped. Its ExecStart is replaced by the one of this program.</summary>
    public required string Unit { get; init; }

    /// <summary>Changes nothing; the report lists the commands.</summary>
    public bool DryRun { get; init; }
}

/// <summary>The result of an installation or a removal. In a dry run it says what would happen.</summary>
/// <param name="Folder">The folder of swarmd.</param>
/// <param name="Unit">Path of systemd's unit.</param>
/// <param name="ExecStart">The command that starts swarmd; empty after a removal.</param>
/// <param name="Commands">The commands that were run; in a dry run: that would be run.</param>
/// <param name="Warnings">Warnings for the administrator.</param>
public sealed record DaemonReport(
    string Folder,
    string Unit,
    string ExecStart,
    IReadOnlyList<string> Commands,
    IReadOnlyList<string> Warnings
);
