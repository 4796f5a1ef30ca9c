using System.Diagnostics;
using System.Globalization;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>An engine of the tests' own, in namespaces of its own, so that its swarm belongs to the tests: a lab of one node. Tests are
/// skipped where it cannot run.</summary>
/// <remarks><c>SWARM_TEST_ENGINE</c> names the socket of an engine to use instead; its swarm is destroyed.</remarks>
public sealed class TestEngine : IAsyncLifetime
{
    private readonly string _lab = $"/tmp/swarm-dkt-{Environment.ProcessId}";
    private bool _started;

    public string Socket { get; private set; } = "";

    private string Why { get; set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("SWARM_TEST_ENGINE") is { Length: > 0 } given)
        {
            Socket = given;
            return;
        }
        var up = FindLab();
        if (up is null || !OperatingSystem.IsLinux() || Environment.UserName != "root" || !File.Exists("/usr/sbin/dockerd"))
        {
            Why = "needs root and dockerd (tests/lab/provision.sh), for an engine in a namespace";
            return;
        }
        _started = true;
        var (code, output) = await RunAsync(up, "1");
        if (code == 0)
        {
            Socket = Path.Combine(_lab, "nodes/manager1/docker.sock");
        }
        else
        {
            Why = "tests/lab/up.sh failed: " + output;
        }
    }

    /// <summary>Skips the test when there is no engine.</summary>
    public void Require() => Assert.SkipWhen(Socket.Length == 0, "No engine: " + Why);

    public async ValueTask DisposeAsync()
    {
        if (_started)
        {
            await RunAsync(Path.Combine(Path.GetDirectoryName(FindLab()!)!, "down.sh"));
        }
    }

    private static string? FindLab()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var script = Path.Combine(folder.FullName, "tests", "lab", "up.sh");
            if (File.Exists(script))
            {
                return script;
            }
        }
        return null;
    }

    private async Task<(int Code, string Output)> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LAB"] = _lab;
        // Names of interfaces and networks are the whole machine's: two runs of the tests at once must not meet.
        start.Environment["LAB_NAME"] = string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId % 10_000:0000}");
        start.Environment["LAB_NET"] = string.Create(
            CultureInfo.InvariantCulture,
            $"10.{100 + Environment.ProcessId / 250 % 100}.{Environment.ProcessId % 250}"
        );
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await Deadline.WaitAsync(process.WaitForExitAsync(), $"{script} to end", TimeSpan.FromMinutes(10));
        return (process.ExitCode, await output + await error);
    }
}
