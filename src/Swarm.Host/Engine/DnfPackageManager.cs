using Swarm.Host.Systems;

namespace Swarm.Host.Engine;

/// <summary>Red Hat's family, with dnf or yum. Docker's repository is set up as https://docs.docker.com/engine/install/centos/ says, but
/// with curl: the
/// option of config-manager differs between dnf's versions.</summary>
internal sealed class DnfPackageManager(IHostSystem system, OsRelease release, string tool) : PackageManager(system, release)
{
    /// <summary>By default both wait without limit for another program's lock: the call would time out, and nobody would know
    /// why.</summary>
    private const string ExitOnLock = "--setopt=exit_on_lock=1";

    public override string Name => tool;

    public override bool HasDockerRepository => Release.Id != "amzn";

    public override string? OwnPackage =>
        Release.Id switch
        {
            "fedora" => "moby-engine",
            "amzn" => "docker",
            _ => null,
        };

    public override IReadOnlyList<string> DockerPackages =>
        ["docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin"];

    public override string RepositoryPath => "/etc/yum.repos.d/docker-ce.repo";

    public override IReadOnlyList<HostStep> UpdateSystem() => [Call(tool == "dnf" ? "upgrade" : "update")];

    public override IReadOnlyList<HostStep> AddRepository()
    {
        // Distributions that derive from Red Hat Enterprise Linux take CentOS's packages.
        var repository = Release.Id is "fedora" or "rhel" ? Release.Id : "centos";
        return
        [
            new CommandStep(
                new ToolCommand("curl", "-fsSL", $"https://download.docker.com/linux/{repository}/docker-ce.repo", "-o", RepositoryPath),
                System.Exists(RepositoryPath) ? null : new ToolCommand("rm", "-f", RepositoryPath)
            ),
        ];
    }

    public override IReadOnlyList<HostStep> Refresh() => [Call("makecache")];

    public override HostStep Install(IReadOnlyList<string> packages) => Call(["install", .. packages]);

    public override HostStep Remove(IReadOnlyList<string> packages) => Call(["remove", .. packages]);

    public override async Task<bool> IsInstalledAsync(string package, CancellationToken cancellation) =>
        (await System.RunAsync(new ToolCommand("rpm", "--query", package), cancellation)).Succeeded;

    private CommandStep Call(params string[] arguments) => Long(tool, ["--assumeyes", ExitOnLock, .. arguments]);
}
