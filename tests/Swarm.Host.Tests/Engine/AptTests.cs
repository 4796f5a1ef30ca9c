using Swarm.Host.Engine;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Engine;

/// <summary>The real apt, on a throw-away copy of a Debian machine: Debian's own engine package is removed, installed, started and
/// used.</summary>
public sealed class AptTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_engine_is_installed_started_used_and_removed()
    {
        await using var host = await NamespaceHost.StartAsync("apt-get", "python3");
        Assert.SkipUnless(OsRelease.Read(host).Id == "debian", "needs Debian");
        await using var relay = await RepositoryRelay.StartAsync(host);
        var engine = new EngineInstaller(host);
        await host.ShellAsync("mkdir -p /var/lib/docker; touch /var/lib/docker/kept");
        await engine.UninstallAsync(removeData: false, dryRun: false, Stop);
        await host.ShellAsync("! command -v dockerd; test -e /var/lib/docker/kept");
        Assert.Contains("rm -rf /var/lib/docker", (await engine.UninstallAsync(removeData: true, dryRun: false, Stop)).Commands);
        await host.ShellAsync("test ! -e /var/lib/docker");

        // The package's script raises limits, which not every build machine allows. The script outlives the removal, and apt keeps a
        // changed one.
        await host.ShellAsync("sed -i 's/^\\([[:space:]]*\\)ulimit .*/\\1:/' /etc/init.d/docker");
        var request = new EngineInstallRequest
        {
            Source = EngineSource.Distribution,
            Users = ["swarmtest"],
            // Nobody listens there.
            TestImage = "127.0.0.1:1/hello",
        };
        var installed = await engine.InstallAsync(request, Stop);
        Assert.Equal(["docker.io"], installed.Packages);
        Assert.Matches(@"^\d+\.\d+\.\d+", installed.EngineVersion);
        Assert.Contains("127.0.0.1:1", Assert.Single(installed.Warnings), StringComparison.Ordinal);
        Assert.Contains("docker", (await host.ShellAsync("id -Gn swarmtest")).Split([' ', '\n']));

        // Once more, with a first container that can run: a second installation works too.
        await host.ShellAsync(
            "mkdir -p /tmp/i/bin; cp /bin/busybox /tmp/i/bin/true; tar -C /tmp/i -c . | docker import -c 'CMD [\"true\"]' - hello:test"
        );
        var again = await engine.InstallAsync(request with { TestImage = "hello:test" }, Stop);
        Assert.Equal(installed.EngineVersion, again.EngineVersion);
        Assert.Empty(again.Warnings);

        // While another program installs packages, the error says so, and the engine that was stopped runs again.
        await host.ShellAsync(
            """
            python3 -c 'import fcntl,time
            f=open("/var/lib/dpkg/lock-frontend","w"); fcntl.lockf(f,fcntl.LOCK_EX); open("/tmp/locked","w"); time.sleep(600)' >/dev/null 2>&1 &
            while [ ! -e /tmp/locked ]; do sleep 0.1; done
            """
        );
        var locked = await Assert.ThrowsAsync<HostException>(() => engine.UninstallAsync(removeData: false, dryRun: false, Stop));
        Assert.True(locked.ErrorId == "PackageManagerLocked", locked.ToString());
        Assert.Contains("The step before it was rolled back.", locked.Message, StringComparison.Ordinal);
        await host.ShellAsync("for i in $(seq 300); do docker version >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1");
    }

    [Fact]
    public async Task Without_network_it_is_said_and_nothing_is_left()
    {
        await using var host = await NamespaceHost.StartAsync("apt-get");
        Assert.SkipUnless(OsRelease.Read(host).Id == "debian", "needs Debian");
        var failed = await Assert.ThrowsAsync<HostException>(() =>
            new EngineInstaller(host).InstallAsync(new EngineInstallRequest { Source = EngineSource.Docker }, Stop)
        );
        Assert.True(failed.ErrorId == "NetworkUnavailable", failed.ToString());
        Assert.False(host.Exists("/etc/apt/sources.list.d/docker.list"));
    }
}
