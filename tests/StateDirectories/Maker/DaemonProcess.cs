using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Grpc.Net.Client;
using Swarm.Protocol.V1;
using Task = System.Threading.Tasks.Task;

namespace Swarm.StateDirectories;

/// <summary>A swarmd process.</summary>
internal sealed partial class DaemonProcess(string name, string address, string directory) : IDisposable
{
    private readonly string _socket = $"/run/swarmd/{name}.sock";
    private readonly List<string> _log = [];
    private Process? _process;

    public string Address => address;
    public string StateDirectory => directory;
    public string Log => string.Join('\n', _log);
    public Control.ControlClient Control { get; private set; } = null!;

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(
            "/usr/lib/swarmd/swarmd",
            [
                "--state-dir",
                directory,
                "--socket",
                _socket,
                "--listen",
                address,
                "--advertise",
                address,
                "--hostname",
                name,
                "--executor",
                "Process",
                "--resources",
                "cpu=2,memory=4g",
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["HOME"] = "/root";
        var ready = new TaskCompletionSource();
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, e) => Take(e.Data);
        _process.ErrorDataReceived += (_, e) => Take(e.Data);
        _process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"{name} ended.\n{Log}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromMinutes(1));
        Control = new Control.ControlClient(
            GrpcChannel.ForAddress(
                "http://localhost",
                new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { ConnectCallback = ConnectAsync } }
            )
        );

        void Take(string? line)
        {
            lock (_log)
            {
                _log.Add(line ?? "");
            }
            if (line?.Contains(" ready in ", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        }
    }

    public async Task StopAsync(int signal)
    {
        if (_process is { } process)
        {
            _ = Send(process.Id, signal);
            await process.WaitForExitAsync();
        }
    }

    /// <summary>Tasks outlive swarmd: supervisors and programs have sessions of their own.</summary>
    public void KillTasks()
    {
        var files = new[] { "supervisor", "started" }.SelectMany(f => Directory.GetFiles(directory, f, SearchOption.AllDirectories));
        foreach (var file in files)
        {
            _ = Send(-int.Parse(File.ReadAllText(file).Split(' ')[1], CultureInfo.InvariantCulture), 9);
        }
    }

    public void Dispose() => _process?.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int pid, int signal);
}
