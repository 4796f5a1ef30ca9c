namespace Swarm.Host.Engine;

public enum EngineSource
{
    /// <summary>What is installed already stays of its source; else Docker's repository where Docker has one for the distribution, else the distribution's.</summary>
    Auto = 0,

    /// <summary>Docker's package repository.</summary>
    Docker = 1,

    /// <summary>The distribution's own package.</summary>
    Distribution = 2,
}

/// <summary>What is wanted of an installation.</summary>
public sealed record EngineInstallRequest
{
    public EngineSource Source { get; init; }

    /// <summary>Users that may use the engine without being root: put in the group docker, created when missing.</summary>
    public IReadOnlyList<string> Users { get; init; } = [];

    /// <summary>Bring every package of the system up to date first.</summary>
    public bool UpdateSystem { get; init; }

    /// <summary>Install firewalld too, and start it.</summary>
    public bool Firewalld { get; init; }

    /// <summary>Run this image afterwards, to see that the engine works; empty: do not.</summary>
    public string TestImage { get; init; } = "hello-world";

    /// <summary>Change nothing; say what would be run.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What was done, or would be.</summary>
/// <param name="Distribution">For a person.</param>
/// <param name="PackageManager">apt, dnf, yum or zypper.</param>
/// <param name="Packages">Installed or removed.</param>
/// <param name="EngineVersion">Empty in a dry run, after a removal, and when the engine does not answer.</param>
/// <param name="Commands">What was run, or would be.</param>
/// <param name="Warnings">What did not work but does not undo the rest.</param>
public sealed record EngineReport(
    string Distribution,
    string PackageManager,
    IReadOnlyList<string> Packages,
    string EngineVersion,
    IReadOnlyList<string> Commands,
    IReadOnlyList<string> Warnings
);
