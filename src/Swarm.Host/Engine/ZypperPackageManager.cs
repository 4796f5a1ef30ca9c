using Swarm.Host.Systems;

namespace Swarm.Host.Engine;

/// <summary>SUSE's family. Docker publishes packages for one of its architectures only, so the distribution's packages are used.</summary>
internal sealed class ZypperPackageManager(IHostSystem system, OsRelease release) : PackageManager(system, release)
{
    public override string Name => "zypper";

    public override bool HasDockerRepository => false;

    public override string OwnPackage => "docker";

    public override IReadOnlyList<string> DockerPackages => [];

    public override string RepositoryPath => "";

    public override IReadOnlyList<HostStep> UpdateSystem() => [.. Refresh(), Long("zypper", "--non-interactive", "update")];

    public override IReadOnlyList<HostStep> AddRepository() => [];

    public override IReadOnlyList<HostStep> Refresh() => [Long("zypper", "--non-interactive", "refresh")];

    public override HostStep Install(IReadOnlyList<string> packages) => Long("zypper", ["--non-interactive", "install", .. packages]);

    public override HostStep Remove(IReadOnlyList<string> packages) => Long("zypper", ["--non-interactive", "remove", .. packages]);

    public override async Task<bool> IsInstalledAsync(string package, CancellationToken cancellation) =>
        (await System.RunAsync(new ToolCommand("rpm", "--query", package), cancellation)).Succeeded;
}
