namespace Swarm.Host.Engine;

public enum EngineSource
{
    /// <summary>An installed engine keeps its source. Otherwise: Docker's repository where Docker has one for the distribution, else the
    /// distribution's.</summary>
    Auto = 0,

    /// <summary>Docker's package repository.</summary>
    Docker = 1,

    /// <summary>The distribution's own package.</summary>
    Distribution = 2,
}

/// <summary>The options of an installation.</summary>
public sealed record EngineInstallRequest
{
    public EngineSource Source { get; init; }

    /// <summary>Users that may use the engine without being root. They join the group docker, which is created when missing.</summary>
    public IReadOnlyList<string> Users { get; init; } = [];

    /// <summary>Updates every package of the system first.</summary>
    public bool UpdateSystem { get; init; }

    /// <summary>Installs and starts firewalld too.</summary>
    public bool Firewalld { get; init; }

    /// <summary>The image of a container that is run afterwards to test the engine; empty: no test.</summary>
    public string TestImage { get; init; } = "hello-world";

    /// <summary>Changes nothing; the report lists the commands.</summary>
    public bool DryRun { get; init; }
}

/// <summary>The result of an installation or a removal. In a dry run it says what would happen.</summary>
/// <param name="Distribution">For a person.</param>
/// <param name="PackageManager">apt, dnf, yum or zypper.</param>
/// <param name="Packages">Installed or removed.</param>
/// <param name="EngineVersion">Empty in a dry run, after a removal, and when the engine does not answer.</param>
/// <param name="Commands">The commands that were run; in a dry run: that would be run.</param>
/// <param name="Warnings">Failures that do not undo the rest.</param>
public sealed record EngineReport(
    string Distribution,
    string PackageManager,
    IReadOnlyList<string> Packages,
    string EngineVersion,
    IReadOnlyList<string> Commands,
    IReadOnlyList<string> Warnings
);
