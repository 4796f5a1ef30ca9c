using System.Diagnostics;
using Docker.DotNet;
using Docker.DotNet.Models;
using Swarm.Agent.Executors.Docker;
using Swarm.Host.Processes;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>A dockerd of the test's own that can be stopped, killed and started again, with its own socket and data. It has no bridge, and
/// a
/// network namespace of its own, which its restarts keep. An engine without a bridge deletes the machine's docker0 when it starts, even if
/// another engine uses it.</summary>
/// <remarks>Its containerd is a process beside it, as in the packages' units, and stays up. A containerd of dockerd's own would be killed
/// together with
/// dockerd. Until it is reaped, the next dockerd takes it for alive and waits for its socket in vain.</remarks>
internal sealed class DockerEngine : IAsyncDisposable
{
    private const string ProgramPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly string _data = Directory.CreateTempSubdirectory("swarm-engine-").FullName;

    /// <summary>Sockets below this folder have long names, and a socket's path must be short.</summary>
    private readonly string _run = Path.Combine("/run", "swarm-test-" + Guid.NewGuid().ToString("N")[..8]);

    private readonly bool _liveRestore;

    /// <summary>Holds the network namespace, which every start shares: it waits on a pipe of ours.</summary>
    private readonly Process _network;
    private Process? _containerd;
    private Process? _process;

    private DockerEngine(bool liveRestore)
    {
        _liveRestore = liveRestore;
        Endpoint = new Uri($"unix://{_run}/docker.sock");
        _network = Process.Start(
            new ProcessStartInfo("unshare", ["--net", "sh", "-c", "echo ready; exec cat"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        _network.StandardOutput.ReadLine();
    }

    public Uri Endpoint { get; }

    private string LogPath => Path.Combine(_data, "dockerd.log");

    private string ContainerdLogPath => Path.Combine(_data, "containerd.log");

    private string ContainerdSocket => Path.Combine(_run, "containerd.sock");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts an engine that has the image <c>alpine:latest</c> (a static busybox); skips the test where it cannot run.</summary>
    /// <param name="liveRestore">Containers run on while the engine is away.</param>
    public static async Task<DockerEngine> StartNewAsync(bool liveRestore = false)
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "A container engine of one's own needs root on Linux."
        );
        foreach (var program in (string[])["dockerd", "containerd", "unshare", "nsenter"])
        {
            Assert.SkipUnless(
                ProgramPath.Split(':').Any(folder => File.Exists(Path.Combine(folder, program))),
                $"{program} is not installed (Debian: docker.io, util-linux)."
            );
        }
        Assert.SkipUnless(
            File.Exists("/bin/busybox"),
            "The test's image is made of /bin/busybox (Debian: busybox-static), which is not installed."
        );
        var engine = new DockerEngine(liveRestore);
        try
        {
            Directory.CreateDirectory(engine._run);
            await engine.StartContainerdAsync();
            await engine.StartAsync();
            await engine.ImportImageAsync();
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    public DockerClient Connect() => EngineConnection.Builder(Endpoint).Build();

    /// <summary>Returns once it answers.</summary>
    public async Task StartAsync()
    {
        List<string> arguments =
        [
            "--host",
            Endpoint.ToString(),
            "--containerd",
            ContainerdSocket,
            "--data-root",
            Path.Combine(_data, "data"),
            "--exec-root",
            Path.Combine(_run, "exec"),
            "--pidfile",
            Path.Combine(_run, "docker.pid"),
            "--bridge",
            "none",
            "--iptables=false",
            "--ip-forward=false",
            "--ip-masq=false",
            "--exec-opt",
            "native.cgroupdriver=cgroupfs",
        ];
        if (_liveRestore)
        {
            arguments.Add("--live-restore");
        }
        const string MachinesBridge = "/sys/class/net/docker0";
        var bridge = Directory.Exists(MachinesBridge);
        _process?.Dispose();
        _process = Run(LogPath, "nsenter", [$"--net=/proc/{_network.Id}/ns/net", "dockerd", .. arguments]);
        using var client = Connect();
        await Eventually.GetAsync(
            async () =>
            {
                if (_process.HasExited)
                {
                    Assert.Fail($"dockerd ended:\n{await File.ReadAllTextAsync(LogPath, Cancel)}");
                }
                try
                {
                    await client.System.PingAsync(Cancel);
                    return true;
                }
                catch (Exception e) when (e is not OperationCanceledException || !Cancel.IsCancellationRequested)
                {
                    // Not yet.
                    return false;
                }
            },
            static answers => answers,
            "the engine answers"
        );
        Assert.True(!bridge || Directory.Exists(MachinesBridge), "The test's engine has deleted the bridge of the machine's.");
    }

    /// <summary>SIGTERM. Without live-restore its containers are stopped with it.</summary>
    public Task StopAsync() => EndAsync(_process!);

    /// <summary>SIGKILL. Its containers go on without supervision.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await Deadline.WaitAsync(_process.WaitForExitAsync(CancellationToken.None), "dockerd to end after SIGKILL", Patience);
    }

    /// <summary>The containers of tasks, as the engine lists them.</summary>
    public async Task<IList<ContainerListResponse>> ContainersAsync(bool running)
    {
        using var client = Connect();
        var all = await client.Containers.ListContainersAsync(new ContainersListParameters { All = true }, Cancel);
        return [.. all.Where(c => !running || c.State == "running")];
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            try
            {
                if (_process.HasExited)
                {
                    // Only the engine itself can end its containers in good order.
                    await StartAsync();
                }
                using var client = Connect();
                foreach (
                    var container in await client.Containers.ListContainersAsync(
                        new ContainersListParameters { All = true },
                        CancellationToken.None
                    )
                )
                {
                    await client.Containers.RemoveContainerAsync(
                        container.ID,
                        new ContainerRemoveParameters { Force = true },
                        CancellationToken.None
                    );
                }
            }
            finally
            {
                if (!_process.HasExited)
                {
                    await StopAsync();
                }
                _process.Dispose();
            }
        }
        if (_containerd is not null)
        {
            await EndAsync(_containerd);
            _containerd.Dispose();
        }
        _network.StandardInput.Close();
        await Deadline.WaitAsync(_network.WaitForExitAsync(CancellationToken.None), "the engine's network to go");
        _network.Dispose();
        await UnmountAsync();
        Directory.Delete(_run, recursive: true);
        Directory.Delete(_data, recursive: true);
    }

    private async Task StartContainerdAsync()
    {
        var configuration = Path.Combine(_data, "containerd.toml");
        await File.WriteAllTextAsync(
            configuration,
            $"""
            version = 2
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            [plugins."io.containerd.internal.v1.opt"]
            path = "{Path.Combine(_data, "opt")}"
            """,
            Cancel
        );
        string[] arguments =
        [
            "--config",
            configuration,
            "--root",
            Path.Combine(_data, "containerd"),
            "--state",
            Path.Combine(_run, "containerd"),
            "--address",
            ContainerdSocket,
        ];
        _containerd = Run(ContainerdLogPath, "containerd", arguments);
        await Eventually.BeTrueAsync(
            () => File.Exists(ContainerdSocket) || _containerd.HasExited,
            "containerd listens",
            () => File.ReadAllText(ContainerdLogPath)
        );
        Assert.False(_containerd.HasExited, File.ReadAllText(ContainerdLogPath));
    }

    /// <summary>Starts a program whose log goes to a file, which outlives this process's pipes.</summary>
    private static Process Run(string log, string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(
            "/bin/sh",
            ["-c", "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1", "sh", log, program, .. arguments]
        )
        {
            UseShellExecute = false,
        };
        start.Environment["PATH"] = ProgramPath;
        return Process.Start(start)!;
    }

    private static async Task EndAsync(Process process)
    {
        if (ProcessIdentity.Of(process.Id) is { } identity)
        {
            ProcessSignal.Send(identity, ProcessSignal.Term);
        }
        await Deadline.WaitAsync(
            process.WaitForExitAsync(CancellationToken.None),
            $"{process.StartInfo.FileName} to end after SIGTERM",
            Patience
        );
    }

    /// <summary>An engine that was killed, or whose containers may outlive it, leaves its mounts.</summary>
    private async Task UnmountAsync()
    {
        var mounts = (await File.ReadAllLinesAsync("/proc/mounts", CancellationToken.None))
            .Select(static line => line.Split(' ')[1])
            .Where(m => m.StartsWith(_data + "/", StringComparison.Ordinal) || m.StartsWith(_run + "/", StringComparison.Ordinal));
        foreach (var mount in mounts.OrderByDescending(static m => m.Length))
        {
            using var unmount = Process.Start("umount", [mount]);
            await Deadline.WaitAsync(unmount.WaitForExitAsync(CancellationToken.None), "umount to end");
        }
    }

    private async Task ImportImageAsync()
    {
        using var archive = await BusyboxArchive.MakeAsync(["sh", "sleep", "true"]);
        using var client = Connect();
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
            Cancel
        );
    }
}
