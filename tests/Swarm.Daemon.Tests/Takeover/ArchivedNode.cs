using System.Formats.Tar;
using System.IO.Compression;
using Swarm.Control.Addresses;
using Swarm.Daemon.Configuration;
using Swarm.Daemon.Tests.Hosting;
using Swarm.Daemon.Tests.Storage;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Takeover;

/// <summary>A node of an archived swarm: a copy of its state directory, its programs, and the swarmd of this build on it.</summary>
internal sealed class ArchivedNode : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryDirectory _directory = new();
    private readonly string _name;
    private readonly string _address;
    private TestDaemon? _daemon;

    private ArchivedNode(ArchivedSwarm swarm, string role)
    {
        var node = swarm.Nodes.Single(n => n.Role == (role == "manager" ? V1.NodeRole.Manager : V1.NodeRole.Worker));
        Id = node.Id;
        _name = node.Name;
        _address = node.Address;
        using (var file = File.OpenRead(Path.Combine(swarm.Folder, role + ".tar.gz")))
        using (var unpacked = new GZipStream(file, CompressionMode.Decompress))
        {
            TarFile.ExtractToDirectory(unpacked, _directory.Path, overwriteFiles: false);
        }
        StateDirectory = _directory.Combine(role);
        SetModes();
        Programs = new ArchivedPrograms(StateDirectory, "/var/lib/swarmd/" + role);
    }

    public string Id { get; }

    public string StateDirectory { get; }

    /// <summary>Of the process tasks that ran when the archive was made.</summary>
    public ArchivedPrograms Programs { get; }

    public TestDaemon Daemon => _daemon ?? throw new InvalidOperationException($"{_name} has not been opened.");

    public static ArchivedNode Unpack(ArchivedSwarm swarm, string role) => new(swarm, role);

    /// <summary>Starts the swarmd of this build on the copy.</summary>
    public async Task OpenAsync(TimeProvider clock)
    {
        _daemon = await TestDaemon.StartAsync(
            options =>
                options with
                {
                    StateDirectory = StateDirectory,
                    // The addresses are in the state; these are for the case that somebody asks for others.
                    Listen = new HostAddress(_address, HostAddress.ClusterPort),
                    Advertise = null,
                    Hostname = _name,
                    Executor = OperatingSystem.IsLinux() ? ExecutorKind.Process : ExecutorKind.Simulated,
                    Resources = new(2_000_000_000, 4L << 30),
                },
            clock
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (_daemon is { } daemon)
        {
            await daemon.DisposeAsync();
        }
        await Programs.DisposeAsync();
        for (var attempt = 0; attempt < 100 && Directory.Exists(StateDirectory); attempt++)
        {
            try
            {
                Directory.Delete(StateDirectory, recursive: true);
            }
            catch (IOException)
            {
                // A supervisor that was just killed may still write.
                await Task.Delay(20, CancellationToken.None);
            }
        }
        _directory.Dispose();
    }

    /// <summary>As swarmd makes them: nobody else may look into a state directory.</summary>
    private void SetModes()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        File.SetUnixFileMode(StateDirectory, OwnerOnly | UnixFileMode.UserExecute);
        foreach (var entry in new DirectoryInfo(StateDirectory).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            entry.UnixFileMode = entry is DirectoryInfo ? OwnerOnly | UnixFileMode.UserExecute : OwnerOnly;
        }
    }
}
