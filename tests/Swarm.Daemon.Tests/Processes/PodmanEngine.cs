using System.Diagnostics;
using Docker.DotNet;
using Docker.DotNet.Models;
using Swarm.Agent.Executors.Docker;
using Swarm.Host.Processes;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>The Docker socket of a Podman, with storage of the test's own and the image <c>alpine:latest</c> (a static busybox). No systemd
/// runs its health checks: <see cref="CheckAsync"/> does.</summary>
public sealed class PodmanEngine : IAsyncLifetime
{
    private static readonly string[] Applets = ["sh", "sleep", "true", "false", "cat", "grep", "id", "printf", "pwd"];

    private readonly string _data = Directory.CreateTempSubdirectory("swarm-podman-").FullName;

    /// <summary>A socket's path must be short.</summary>
    private readonly string _run = Path.Combine("/run", "swarm-test-" + Guid.NewGuid().ToString("N")[..8]);

    private Process? _service;

    /// <summary>Why it cannot run here; null when it runs.</summary>
    public string? Missing { get; private set; }

    public Uri Endpoint => new($"unix://{_run}/podman.sock");

    private string LogPath => Path.Combine(_data, "podman.log");

    public async ValueTask InitializeAsync()
    {
        Missing =
            !OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess ? "A Podman of one's own needs root on Linux."
            : !File.Exists("/usr/bin/podman") ? "podman is not installed."
            : !File.Exists(BusyboxArchive.Busybox)
                ? "The test's image is made of /bin/busybox (Debian: busybox-static), which is not installed."
            : null;
        if (Missing is not null)
        {
            return;
        }
        Directory.CreateDirectory(_run);
        // Podman's own limits (1,048,576 open files) are more than a process without CAP_SYS_RESOURCE may set.
        await File.WriteAllTextAsync(
            Path.Combine(_data, "containers.conf"),
            """
            [containers]
            netns = "none"
            default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
            [engine]
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            runtime = "runc"

            """
        );
        await File.WriteAllTextAsync(Path.Combine(_data, "policy.json"), """{"default":[{"type":"insecureAcceptAnything"}]}""");
        _service = Process.Start(Command("system", "service", "--time", "0", Endpoint.ToString()))!;
        using var client = EngineConnection.Builder(Endpoint).Build();
        await Eventually.GetAsync(
            async () =>
            {
                Assert.False(_service.HasExited, $"podman ended with {(_service.HasExited ? _service.ExitCode : 0)}.\n{Log()}");
                try
                {
                    await client.System.PingAsync();
                    return true;
                }
                catch (Exception e) when (e is HttpRequestException or IOException or DockerApiException or TimeoutException)
                {
                    return false;
                }
            },
            static answers => answers,
            "Podman answers",
            Log
        );
        using var archive = await BusyboxArchive.MakeAsync(Applets);
        await client.Images.CreateImageAsync(
            new ImagesCreateParameters
            {
                FromSrc = "-",
                Repo = "alpine",
                Tag = "latest",
            },
            archive,
            null,
            new Progress<JSONMessage>(),
            TestContext.Current.CancellationToken
        );
    }

    /// <summary>Runs a container's health check once, as a timer of systemd would.</summary>
    public async Task CheckAsync(string container)
    {
        using var check = Process.Start(Command("healthcheck", "run", container))!;
        await Deadline.WaitAsync(check.WaitForExitAsync(CancellationToken.None), "podman to run a health check");
    }

    public async ValueTask DisposeAsync()
    {
        if (_service is { } service)
        {
            if (ProcessIdentity.Of(service.Id) is { } identity)
            {
                ProcessSignal.Send(identity, ProcessSignal.Term);
            }
            await Deadline.WaitAsync(service.WaitForExitAsync(CancellationToken.None), "podman to end after SIGTERM");
            service.Dispose();
            Directory.Delete(_run, recursive: true);
        }
        Directory.Delete(_data, recursive: true);
    }

    private string Log() => File.Exists(LogPath) ? File.ReadAllText(LogPath) : "";

    private ProcessStartInfo Command(params string[] arguments)
    {
        string[] command =
        [
            "podman",
            "--root",
            Path.Combine(_data, "storage"),
            "--runroot",
            Path.Combine(_run, "storage"),
            "--tmpdir",
            Path.Combine(_run, "tmp"),
            "--storage-driver",
            "vfs",
            .. arguments,
        ];
        var start = new ProcessStartInfo(
            "/bin/sh",
            ["-c", "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1", "sh", LogPath, .. command]
        )
        {
            UseShellExecute = false,
        };
        start.Environment["CONTAINERS_CONF"] = Path.Combine(_data, "containers.conf");
        return start;
    }
}
