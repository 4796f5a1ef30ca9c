using Swarm.Host.Systems;

namespace Swarm.Host.Engine;

/// <summary>Installs an engine on a family of distributions.</summary>
internal abstract class PackageManager(IHostSystem system, OsRelease release)
{
    /// <summary>Enough for a slow mirror and a slow disk.</summary>
    protected static readonly TimeSpan LongTimeout = TimeSpan.FromMinutes(20);

    protected IHostSystem System => system;
    protected OsRelease Release => release;

    public abstract string Name { get; }

    /// <summary>Docker publishes packages for this distribution.</summary>
    public abstract bool HasDockerRepository { get; }

    /// <summary>The distribution's own package; null: none.</summary>
    public abstract string? OwnPackage { get; }

    public abstract IReadOnlyList<string> DockerPackages { get; }

    /// <summary>The path of the repository file that <see cref="AddRepository"/> writes.</summary>
    public abstract string RepositoryPath { get; }

    public abstract IReadOnlyList<HostStep> UpdateSystem();

    /// <summary>Adds Docker's repository.</summary>
    public abstract IReadOnlyList<HostStep> AddRepository();

    /// <summary>Reads the repositories anew.</summary>
    public abstract IReadOnlyList<HostStep> Refresh();

    public abstract HostStep Install(IReadOnlyList<string> packages);

    public abstract HostStep Remove(IReadOnlyList<string> packages);

    public abstract Task<bool> IsInstalledAsync(string package, CancellationToken cancellation);

    protected static CommandStep Long(string program, params string[] arguments) =>
        new(new ToolCommand(program, arguments) { Timeout = LongTimeout });

    /// <exception cref="HostException">UnsupportedDistribution.</exception>
    public static PackageManager For(IHostSystem system)
    {
        var release = OsRelease.Read(system);
        if (!system.IsWindows)
        {
            if ((release.Is("debian") || release.Is("ubuntu")) && system.Find("apt-get") is not null)
            {
                return new AptPackageManager(system, release);
            }
            if ((release.Is("fedora") || release.Is("rhel") || release.Is("centos")) && system.Find("dnf") is not null)
            {
                return new DnfPackageManager(system, release, "dnf");
            }
            if ((release.Is("fedora") || release.Is("rhel") || release.Is("centos")) && system.Find("yum") is not null)
            {
                return new DnfPackageManager(system, release, "yum");
            }
            if ((release.Is("suse") || release.Is("opensuse")) && system.Find("zypper") is not null)
            {
                return new ZypperPackageManager(system, release);
            }
        }
        throw new HostException(
            "UnsupportedDistribution",
            $"How to install an engine on {(system.IsWindows ? "Windows" : release.PrettyName)} is not known here. Nothing was changed.",
            release.Id,
            "Known are Debian, Ubuntu (apt), Fedora, Red Hat, CentOS, Rocky, AlmaLinux (dnf, yum) and SUSE (zypper) and what derives from them. Install the engine by its own instructions: https://docs.docker.com/engine/install/."
        );
    }
}
