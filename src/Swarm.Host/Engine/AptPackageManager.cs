using Swarm.Host.Systems;

namespace Swarm.Host.Engine;

/// <summary>Debian's family. Docker's repository is set up as https://docs.docker.com/engine/install/debian/ says.</summary>
internal sealed class AptPackageManager(IHostSystem system, OsRelease release) : PackageManager(system, release)
{
    private const string KeyPath = "/etc/apt/keyrings/docker.asc";

    public override string Name => "apt";

    public override bool HasDockerRepository => Release.Id is "debian" or "ubuntu" && Release.Codename.Length > 0;

    public override string OwnPackage => "docker.io";

    public override IReadOnlyList<string> DockerPackages =>
        ["docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin"];

    public override string RepositoryPath => "/etc/apt/sources.list.d/docker.list";

    public override IReadOnlyList<HostStep> UpdateSystem() => [.. Refresh(), Long("apt-get", "--yes", "upgrade")];

    public override IReadOnlyList<HostStep> AddRepository() =>
        [
            .. Refresh(),
            Long("apt-get", "--yes", "install", "ca-certificates", "curl"),
            new CommandStep(new ToolCommand("install", "-m", "0755", "-d", "/etc/apt/keyrings")),
            new CommandStep(
                new ToolCommand("curl", "-fsSL", $"https://download.docker.com/linux/{Release.Id}/gpg", "-o", KeyPath),
                new ToolCommand("rm", "-f", KeyPath)
            ),
            new FileStep(
                RepositoryPath,
                System.Read(RepositoryPath),
                $"{EngineInstaller.Mark}\ndeb [signed-by={KeyPath}] https://download.docker.com/linux/{Release.Id} {Release.Codename} stable\n"
            ),
        ];

    // Without this option, apt-get reports success for an update without network.
    public override IReadOnlyList<HostStep> Refresh() => [Long("apt-get", "-o", "APT::Update::Error-Mode=any", "update")];

    public override HostStep Install(IReadOnlyList<string> packages) => Long("apt-get", ["--yes", "install", .. packages]);

    public override HostStep Remove(IReadOnlyList<string> packages) => Long("apt-get", ["--yes", "remove", .. packages]);

    public override async Task<bool> IsInstalledAsync(string package, CancellationToken cancellation)
    {
        var result = await System.RunAsync(
            new ToolCommand("dpkg-query", "--show", "--showformat=${db:Status-Status}", package),
            cancellation
        );
        return result.Succeeded && result.Output.Trim() == "installed";
    }
}
