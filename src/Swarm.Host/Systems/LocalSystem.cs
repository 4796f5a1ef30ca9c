using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Swarm.Host.Systems;

/// <summary>This machine.</summary>
public sealed class LocalSystem : IHostSystem
{
    private static readonly string[] SystemFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    public bool IsWindows => OperatingSystem.IsWindows();

    public bool IsAdministrator => Environment.IsPrivilegedProcess;

    public string? Find(string program)
    {
        if (Path.IsPathRooted(program))
        {
            return File.Exists(program) ? program : null;
        }
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
            Path.PathSeparator,
            StringSplitOptions.RemoveEmptyEntries
        );
        return (IsWindows ? folders : folders.Concat(SystemFolders)).Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
    }

    public async Task<ToolResult> RunAsync(ToolCommand command, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Find(command.Program) ?? command.Program, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        if (!IsWindows)
        {
            // The tools call further programs of these folders by name.
            start.Environment["PATH"] = string.Join(
                ':',
                (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(SystemFolders).Distinct()
            );
        }
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or FileNotFoundException)
        {
            throw new HostException(
                "ToolNotFound",
                $"'{command.Program}' cannot be run: {e.Message}",
                command.Program,
                "Install it, or choose another way.",
                e
            );
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(command.Timeout);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            try
            {
                await process.StandardInput.WriteAsync((command.Input ?? "").AsMemory(), limit.Token);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // The program ended without reading its input; its exit code tells the result.
            }
            await process.WaitForExitAsync(limit.Token);
            return new ToolResult(process.ExitCode, await output.WaitAsync(limit.Token), await error.WaitAsync(limit.Token));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new HostException(
                "ToolTimeout",
                $"'{command}' has not ended within {command.Timeout.TotalSeconds:0} s and was ended.",
                command.Program,
                "Run it by hand to see what it waits for."
            );
        }
    }

    public string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.swarm-{Guid.NewGuid():n}";
        try
        {
            File.WriteAllText(temporary, text);
            if (!OperatingSystem.IsWindows() && File.Exists(path))
            {
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(path));
            }
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public void Delete(string path) => File.Delete(path);

    public bool Exists(string path) => Path.Exists(path);

    public VolumeSpace Space(string path)
    {
        var drive = new DriveInfo(path);
        return new VolumeSpace(drive.AvailableFreeSpace, drive.TotalSize);
    }

    public ListeningPorts Listening()
    {
        var properties = IPGlobalProperties.GetIPGlobalProperties();
        return new ListeningPorts(
            properties.GetActiveTcpListeners().Select(static e => e.Port).ToHashSet(),
            properties.GetActiveUdpListeners().Select(static e => e.Port).ToHashSet()
        );
    }

    public IReadOnlyList<IPAddress> Addresses() =>
        [
            .. NetworkInterface
                .GetAllNetworkInterfaces()
                .Where(static n => n.OperationalStatus == OperationalStatus.Up && n.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .Where(static n =>
                    !n.Name.StartsWith("docker", StringComparison.Ordinal) && !n.Name.StartsWith("br-", StringComparison.Ordinal)
                )
                .SelectMany(static n => n.GetIPProperties().UnicastAddresses)
                .Select(static a => a.Address)
                .Where(static a => a.AddressFamily == AddressFamily.InterNetwork),
        ];
}
