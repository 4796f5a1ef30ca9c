using Swarm.Host.Engine;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Engine;

/// <summary>The commands for each family of distributions. dnf, yum and zypper do not run here; their commands are compared with the
/// recorded ones.</summary>
public sealed class EngineInstallerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static RecordedSystem System(string release, params string[] programs)
    {
        var system = new RecordedSystem { Files = { ["/etc/os-release"] = release, ["/run/systemd/system/x"] = "" } };
        system.Programs.UnionWith(programs);
        foreach (var query in (string[])["rpm --query", "dpkg-query", "id -u"])
        {
            system.Answers[query] = new ToolResult(1, "", "no");
        }
        return system;
    }

    [Theory]
    [InlineData("ID=rocky\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"", "dnf", "Rocky Linux 9, dnf")]
    [InlineData("ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"", "yum", "CentOS 7, yum")]
    [InlineData("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nVERSION_ID=\"15.6\"", "zypper", "openSUSE Leap 15, zypper")]
    [InlineData("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble", "apt-get", "Ubuntu 24.04, apt")]
    public async Task Every_family_has_its_commands(string release, string tool, string recorded)
    {
        var commands = RecordedCommands.Of($"Install an engine: {recorded}");
        var system = System(release, tool);
        var request = new EngineInstallRequest
        {
            UpdateSystem = true,
            Firewalld = true,
            Users = ["docker"],
        };
        var plan = await new EngineInstaller(system).InstallAsync(request with { DryRun = true }, Stop);
        Assert.Equal(commands, string.Join('\n', plan.Commands));
        Assert.DoesNotContain(
            system.Ran,
            c => !c.StartsWith("id -u", StringComparison.Ordinal) && !c.Contains("query", StringComparison.Ordinal)
        );
        var done = await new EngineInstaller(system).InstallAsync(request, Stop);
        Assert.Equal(plan.Commands, done.Commands);
        Assert.All(done.Commands.Where(c => !c.StartsWith("cat ", StringComparison.Ordinal)), c => Assert.Contains(c, system.Ran));
    }

    [Theory]
    [InlineData("ID=fedora\nVERSION_ID=42", "dnf", "docker-ce", "Fedora 42, dnf")]
    [InlineData("ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"", "yum", "docker-ce", "CentOS 7, yum")]
    [InlineData("ID=sles\nID_LIKE=suse", "zypper", "docker", "SLES, zypper")]
    public async Task What_is_installed_is_removed(string release, string tool, string package, string recorded)
    {
        var commands = RecordedCommands.Of($"Remove it, with its data: {recorded}");
        var system = System(release, tool);
        system.Files["/var/lib/docker/x"] = "";
        system.Answers[$"rpm --query {package}"] = new ToolResult(0, package, "");
        system.Answers["rpm --query docker-ce-cli"] = new ToolResult(1, "", "");
        var plan = await new EngineInstaller(system).UninstallAsync(removeData: true, dryRun: true, Stop);
        Assert.Equal(commands, string.Join('\n', plan.Commands));
        var kept = await new EngineInstaller(system).UninstallAsync(removeData: false, dryRun: true, Stop);
        Assert.DoesNotContain(kept.Commands, c => c.StartsWith("rm ", StringComparison.Ordinal));
        await new EngineInstaller(system).UninstallAsync(removeData: true, dryRun: false, Stop);
        Assert.Equal(commands, string.Join('\n', system.Ran.TakeLast(3)));
        // When the removal fails, the engine that was stopped runs again.
        system.Answers[plan.Commands[1]] = new ToolResult(1, "", "Transaction failed");
        await Assert.ThrowsAsync<HostException>(() => new EngineInstaller(system).UninstallAsync(removeData: true, dryRun: false, Stop));
        Assert.Equal("systemctl enable --now docker", system.Ran[^1]);
    }

    [Theory]
    [InlineData("PackageManagerLocked", "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 12 (apt)")]
    [InlineData(
        "NetworkUnavailable",
        "E: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.debian.org'"
    )]
    [InlineData("EngineInstallFailed", "E: Unable to correct problems, you have held broken packages.")]
    public async Task A_failure_is_told_apart_and_the_repository_is_taken_away_again(string errorId, string error)
    {
        var system = System("ID=debian\nVERSION_CODENAME=bookworm", "apt-get");
        system.Answers["apt-get --yes install docker-ce"] = new ToolResult(100, "", error);
        var failed = await Assert.ThrowsAsync<HostException>(() =>
            new EngineInstaller(system).InstallAsync(new EngineInstallRequest(), Stop)
        );
        Assert.Equal(errorId, failed.ErrorId);
        Assert.Contains(error, failed.Message, StringComparison.Ordinal);
        Assert.Contains("rolled back", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("/etc/apt/sources.list.d/docker.list", system.Files.Keys);
        Assert.Contains("rm -f /etc/apt/keyrings/docker.asc", system.Ran);
    }

    [Theory]
    [InlineData("dnf", "Error: Failed to obtain the transaction lock (logged in as: root).")]
    [InlineData("dnf", "Error: metadata already locked by 3814")]
    [InlineData("dnf", "Failed to obtain rpm transaction lock. Another transaction is in progress.")]
    [InlineData("dnf", "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)")]
    [InlineData("yum", "Existing lock /var/run/yum.pid: another copy is running as pid 2077.")]
    [InlineData("yum", "Existing lock /var/run/yum.pid")]
    [InlineData("yum", "Another app is currently holding the yum lock; exiting as configured by exit_on_lock")]
    [InlineData("yum", "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)")]
    [InlineData(
        "zypper",
        "System management is locked by the application with pid 4242 (zypper).\nClose this application before trying again."
    )]
    public async Task A_lock_that_another_program_holds_is_told(string tool, string error)
    {
        var system = System(tool == "zypper" ? "ID=sles\nID_LIKE=suse" : "ID=fedora\nVERSION_ID=42", tool);
        var install = tool == "zypper" ? "zypper --non-interactive install" : $"{tool} --assumeyes --setopt=exit_on_lock=1 install";
        system.Answers[install] = new ToolResult(1, "", error + "\n");
        var failed = await Assert.ThrowsAsync<HostException>(() =>
            new EngineInstaller(system).InstallAsync(new EngineInstallRequest(), Stop)
        );
        Assert.Equal("PackageManagerLocked", failed.ErrorId);
        Assert.Contains(error.TrimEnd('.').Replace('\n', ' '), failed.Message, StringComparison.Ordinal);
        Assert.Equal(
            "Another program installs packages at the moment (an automatic update, perhaps): run it again when that has ended.",
            failed.Action
        );
    }

    [Fact]
    public async Task What_is_not_known_or_not_allowed_is_refused_before_anything_is_run()
    {
        async Task<string> RefusedAsync(RecordedSystem system, EngineInstallRequest request)
        {
            var refused = await Assert.ThrowsAsync<HostException>(() => new EngineInstaller(system).InstallAsync(request, Stop));
            Assert.Empty(system.Ran);
            return refused.ErrorId;
        }
        Assert.Equal("UnsupportedDistribution", await RefusedAsync(System("ID=alpine"), new EngineInstallRequest()));
        Assert.Equal("UnsupportedDistribution", await RefusedAsync(new RecordedSystem { IsWindows = true }, new EngineInstallRequest()));
        Assert.Equal("NotAdministrator", await RefusedAsync(new RecordedSystem { IsAdministrator = false }, new EngineInstallRequest()));
        Assert.Equal("InvalidUser", await RefusedAsync(System("ID=debian"), new EngineInstallRequest { Users = ["a;b"] }));
        Assert.Equal(
            "SourceNotAvailable",
            await RefusedAsync(System("ID=sles\nID_LIKE=suse", "zypper"), new EngineInstallRequest { Source = EngineSource.Docker })
        );
    }

    [Fact]
    public async Task An_engine_that_does_not_start_is_said_to_be_installed()
    {
        var system = System("ID=fedora", "dnf");
        system.Answers["systemctl enable --now docker"] = new ToolResult(1, "", "Job for docker.service failed.");
        var failed = await Assert.ThrowsAsync<HostException>(() =>
            new EngineInstaller(system).InstallAsync(new EngineInstallRequest(), Stop)
        );
        Assert.Equal("EngineNotStarted", failed.ErrorId);
        Assert.Contains("is installed", failed.Action, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_container_that_fails_is_a_warning()
    {
        var system = System("ID=fedora", "dnf");
        system.Answers["docker run"] = new ToolResult(125, "", "Unable to find image 'hello-world:latest' locally");
        system.Answers["docker version"] = new ToolResult(0, "29.1.0\n", "");
        var report = await new EngineInstaller(system).InstallAsync(new EngineInstallRequest(), Stop);
        Assert.Contains("Unable to find image", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Equal("29.1.0", report.EngineVersion);
    }
}
