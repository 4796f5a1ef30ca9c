using System.Runtime.CompilerServices;
using Swarm.Host.Daemon;
using Swarm.Host.Systems;
using Swarm.Host.Tests.Hosting;

namespace Swarm.Host.Tests.Daemon;

/// <summary>The unit that is shipped with the module.</summary>
public sealed class UnitFileTests
{
    private static readonly string Unit = File.ReadAllText(Path.Combine(Repository(), "src", "Swarm.Cmdlets", "Module", "swarmd.service"));

    [Fact]
    public void It_is_marked_as_ours_and_starts_what_is_installed()
    {
        Assert.StartsWith(DaemonInstaller.Mark, Unit, StringComparison.Ordinal);
        Assert.Contains($"\nExecStart={DaemonInstaller.Folder}/swarmd\n", Unit, StringComparison.Ordinal);
    }

    /// <summary>systemd's own judgement, on a throw-away machine where the program is there.</summary>
    [Fact]
    public async Task Systemd_finds_nothing_wrong_with_it()
    {
        await using var host = await NamespaceHost.StartAsync("systemd-analyze");
        host.Write(DaemonInstaller.UnitPath, Unit);
        await host.ShellAsync($"mkdir -p {DaemonInstaller.Folder}; cp /bin/true {DaemonInstaller.Folder}/swarmd");
        var said = await host.RunAsync(
            new ToolCommand("systemd-analyze", "verify", "--man=no", DaemonInstaller.UnitPath),
            TestContext.Current.CancellationToken
        );
        Assert.DoesNotContain("swarmd", said.Output + said.Error, StringComparison.Ordinal);
        // systemd does find errors.
        host.Write(DaemonInstaller.UnitPath, Unit.Replace("KillMode=", "KillMood=", StringComparison.Ordinal));
        said = await host.RunAsync(
            new ToolCommand("systemd-analyze", "verify", "--man=no", DaemonInstaller.UnitPath),
            TestContext.Current.CancellationToken
        );
        Assert.Contains("KillMood", said.Output + said.Error, StringComparison.Ordinal);
    }

    private static string Repository([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
