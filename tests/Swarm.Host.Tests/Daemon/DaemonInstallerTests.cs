using Swarm.Host.Daemon;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Daemon;

/// <summary>swarmd as a service, on recorded hosts: the exact commands, how they are undone, and refusals.</summary>
public sealed class DaemonInstallerTests
{
    private const string OldUnit = DaemonInstaller.Mark + "\n[Service]\nExecStart=/old\n";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static readonly DaemonInstallRequest Native = new()
    {
        Files = ["/modules/swarmd", "/modules/images"],
        Program = "swarmd",
        Unit = DaemonInstaller.Mark + "\n[Service]\nType=notify\nExecStart=/somewhere\nRestart=always\n",
    };

    private static RecordedSystem Host(bool systemd = true, bool active = false)
    {
        var system = new RecordedSystem { Files = { ["/proc/sys/kernel/osrelease"] = "6.1" } };
        if (systemd)
        {
            system.Files["/run/systemd/system/x"] = "";
        }
        system.Answers["systemctl is-active"] = new ToolResult(active ? 0 : 3, "", "");
        return system;
    }

    private static IEnumerable<string> Changes(RecordedSystem system) =>
        system.Ran.Where(static c => !c.StartsWith("systemctl is-active", StringComparison.Ordinal));

    [Fact]
    public async Task A_bare_host_gets_program_unit_and_service()
    {
        var system = Host();
        var report = await new DaemonInstaller(system).InstallAsync(Native, Stop);
        Assert.Equal(
            """
            groupadd --force --system swarm
            rm -rf /usr/local/lib/swarm.new /usr/local/lib/swarm.old
            mkdir --parents /usr/local/lib/swarm.new
            cp -r /modules/swarmd /modules/images /usr/local/lib/swarm.new
            chmod -R u+w,a+rX /usr/local/lib/swarm.new
            /usr/local/lib/swarm.new/swarmd --version
            mv /usr/local/lib/swarm.new /usr/local/lib/swarm
            systemctl daemon-reload
            systemctl enable swarmd
            systemctl start swarmd
            rm -rf /usr/local/lib/swarm.old
            """.ReplaceLineEndings("\n"),
            string.Join('\n', Changes(system))
        );
        Assert.Equal(
            DaemonInstaller.Mark + "\n[Service]\nType=notify\nExecStart=/usr/local/lib/swarm/swarmd\nRestart=always\n",
            system.Files[DaemonInstaller.UnitPath]
        );
        Assert.Equal(("/usr/local/lib/swarm/swarmd", 0), (report.ExecStart, report.Warnings.Count));
    }

    [Fact]
    public async Task A_program_that_needs_a_runtime_is_started_by_it()
    {
        var system = Host();
        var request = Native with { Files = ["/modules/swarmd/."], Program = "swarmd.dll", Runtime = "/opt/my dotnet/dotnet" };
        var report = await new DaemonInstaller(system).InstallAsync(request, Stop);
        Assert.Equal("\"/opt/my dotnet/dotnet\" /usr/local/lib/swarm/swarmd.dll", report.ExecStart);
        Assert.Contains($"\nExecStart={report.ExecStart}\n", system.Files[DaemonInstaller.UnitPath], StringComparison.Ordinal);
        Assert.Contains("'/opt/my dotnet/dotnet' /usr/local/lib/swarm.new/swarmd.dll --version", system.Ran);
    }

    [Fact]
    public async Task A_dry_run_says_the_same_and_changes_nothing()
    {
        var system = Host(active: true);
        system.Files["/usr/local/lib/swarm/swarmd"] = "";
        system.Files[DaemonInstaller.UnitPath] = OldUnit;
        var plan = await new DaemonInstaller(system).InstallAsync(Native with { DryRun = true }, Stop);
        Assert.Empty(Changes(system));
        Assert.Equal(OldUnit, system.Files[DaemonInstaller.UnitPath]);
        var done = await new DaemonInstaller(system).InstallAsync(Native, Stop);
        Assert.Equal(plan.Commands, done.Commands);
        // The old swarmd is stopped only once the new one has run.
        var commands = done.Commands.ToList();
        Assert.Equal(commands.IndexOf("/usr/local/lib/swarm.new/swarmd --version") + 1, commands.IndexOf("systemctl stop swarmd"));
        Assert.Equal(commands.IndexOf("systemctl stop swarmd") + 1, commands.IndexOf("mv /usr/local/lib/swarm /usr/local/lib/swarm.old"));
    }

    [Fact]
    public async Task A_program_that_does_not_run_here_stops_nothing()
    {
        var system = Host(active: true);
        system.Answers["/usr/local/lib/swarm.new/swarmd"] = new ToolResult(126, "", "Exec format error");
        var failed = await Assert.ThrowsAsync<HostException>(() => new DaemonInstaller(system).InstallAsync(Native, Stop));
        Assert.Equal("DaemonInstallFailed", failed.ErrorId);
        Assert.Contains("Exec format error. The step before it was rolled back.", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("systemctl stop swarmd", system.Ran);
        Assert.Equal("rm -rf /usr/local/lib/swarm.new", system.Ran[^1]);
    }

    [Fact]
    public async Task When_the_new_one_does_not_start_the_old_one_runs_again()
    {
        var system = Host(active: true);
        system.Files["/usr/local/lib/swarm/swarmd"] = "";
        system.Files[DaemonInstaller.UnitPath] = OldUnit;
        system.Answers["systemctl start swarmd"] = new ToolResult(1, "", "Job for swarmd.service failed.");
        var failed = await Assert.ThrowsAsync<HostException>(() => new DaemonInstaller(system).InstallAsync(Native, Stop));
        Assert.Equal("DaemonInstallFailed", failed.ErrorId);
        Assert.Equal(OldUnit, system.Files[DaemonInstaller.UnitPath]);
        Assert.Equal(
            """
            systemctl start swarmd
            systemctl daemon-reload
            mv /usr/local/lib/swarm /usr/local/lib/swarm.new
            mv /usr/local/lib/swarm.old /usr/local/lib/swarm
            systemctl restart swarmd
            rm -rf /usr/local/lib/swarm.new
            """.ReplaceLineEndings("\n"),
            string.Join('\n', system.Ran.TakeLast(6))
        );
    }

    [Fact]
    public async Task On_a_bare_host_a_failure_leaves_no_service()
    {
        var system = Host();
        system.Answers["systemctl start swarmd"] = new ToolResult(1, "", "Job for swarmd.service failed.");
        await Assert.ThrowsAsync<HostException>(() => new DaemonInstaller(system).InstallAsync(Native, Stop));
        Assert.DoesNotContain(DaemonInstaller.UnitPath, system.Files.Keys);
        Assert.Equal(
            [
                "systemctl disable --now swarmd",
                "systemctl daemon-reload",
                "mv /usr/local/lib/swarm /usr/local/lib/swarm.new",
                "rm -rf /usr/local/lib/swarm.new",
            ],
            system.Ran.TakeLast(4)
        );
    }

    [Fact]
    public async Task A_reload_that_fails_takes_its_unit_back()
    {
        var system = Host();
        system.Answers["systemctl daemon-reload"] = new ToolResult(1, "", "Access denied");
        await Assert.ThrowsAsync<HostException>(() => new DaemonInstaller(system).InstallAsync(Native, Stop));
        Assert.DoesNotContain(DaemonInstaller.UnitPath, system.Files.Keys);
    }

    [Fact]
    public async Task Without_systemd_it_says_how_to_start_it()
    {
        var system = Host(systemd: false);
        var report = await new DaemonInstaller(system).InstallAsync(Native, Stop);
        Assert.Equal(
            "systemd does not run on this host: have its own service manager start '/usr/local/lib/swarm/swarmd' as root. A swarmd that runs goes on as it is until it is started again.",
            Assert.Single(report.Warnings)
        );
        Assert.DoesNotContain(system.Ran, static c => c.StartsWith("systemctl", StringComparison.Ordinal));
        Assert.Contains(DaemonInstaller.UnitPath, system.Files.Keys);
    }

    [Theory]
    [InlineData(
        false,
        "systemctl disable --now swarmd\nrm /etc/systemd/system/swarmd.service\nsystemctl daemon-reload\nrm -rf /usr/local/lib/swarm"
    )]
    [InlineData(
        true,
        "systemctl disable --now swarmd\nrm /etc/systemd/system/swarmd.service\nsystemctl daemon-reload\nrm -rf /usr/local/lib/swarm\nrm -rf /var/lib/swarm"
    )]
    public async Task What_was_installed_is_removed_and_data_only_when_asked_for(bool removeData, string commands)
    {
        var system = Host(active: true);
        system.Files["/usr/local/lib/swarm/swarmd"] = "";
        system.Files["/var/lib/swarm/x"] = "";
        system.Files[DaemonInstaller.UnitPath] = OldUnit;
        var plan = await new DaemonInstaller(system).UninstallAsync(removeData, dryRun: true, Stop);
        Assert.Equal(commands, string.Join('\n', plan.Commands));
        Assert.Equal(OldUnit, system.Files[DaemonInstaller.UnitPath]);
        await new DaemonInstaller(system).UninstallAsync(removeData, dryRun: false, Stop);
        Assert.DoesNotContain(DaemonInstaller.UnitPath, system.Files.Keys);
        Assert.Equal(plan.Commands[^1], system.Ran[^1]);
    }

    [Fact]
    public async Task What_was_not_installed_is_said()
    {
        var report = await new DaemonInstaller(Host()).UninstallAsync(removeData: false, dryRun: false, Stop);
        Assert.Equal((0, "swarmd was not installed here by Install-SwarmDaemon."), (report.Commands.Count, Assert.Single(report.Warnings)));
    }

    [Fact]
    public async Task What_is_somebody_elses_or_not_allowed_is_refused_before_anything_is_run()
    {
        async Task<string> RefusedAsync(RecordedSystem system)
        {
            var install = await Assert.ThrowsAsync<HostException>(() => new DaemonInstaller(system).InstallAsync(Native, Stop));
            var remove = await Assert.ThrowsAsync<HostException>(() => new DaemonInstaller(system).UninstallAsync(true, false, Stop));
            Assert.Empty(system.Ran);
            Assert.Equal(install.ErrorId, remove.ErrorId);
            return install.ErrorId;
        }
        var foreign = Host();
        foreign.Files[DaemonInstaller.UnitPath] = "[Service]\nExecStart=/opt/swarmd\n";
        Assert.Equal("UnitOfAnother", await RefusedAsync(foreign));
        Assert.Equal("UnsupportedPlatform", await RefusedAsync(new RecordedSystem()));
        Assert.Equal("UnsupportedPlatform", await RefusedAsync(new RecordedSystem { IsWindows = true }));
        Assert.Equal(
            "NotAdministrator",
            await RefusedAsync(new RecordedSystem { IsAdministrator = false, Files = { ["/proc/sys/kernel/osrelease"] = "6.1" } })
        );
    }
}
