using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Grpc.Net.Client;
using Swarm.Protocol.V1;

namespace Swarm.Benchmarks.Daemons;

/// <summary>A swarmd process with a state directory of its own, asked over its socket as the module asks it.</summary>
internal sealed partial class DaemonUnderTest : IDisposable
{
    /// <summary>A swarmd that does not answer by then is broken, not slow.</summary>
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(30);

    private const int SigTerm = 15;

    private readonly string _program;
    private readonly string _directory;
    private readonly string _executor;
    private readonly string _listen;
    private Process? _process;
    private GrpcChannel? _channel;

    /// <param name="program">swarmd (native), or swarmd.dll.</param>
    /// <param name="directory">For state, socket and log; created.</param>
    /// <param name="listen">ADDRESS:PORT of the cluster port, should it enter a swarm.</param>
    /// <param name="executor">Value of --executor.</param>
    public DaemonUnderTest(string program, string directory, string listen, string executor)
    {
        _program = program;
        _directory = Directory.CreateDirectory(directory).FullName;
        _listen = listen;
        _executor = executor;
    }

    /// <summary>The time that each sync of the manager's log takes longer, from the next start on.</summary>
    public TimeSpan SyncDelay { get; init; }

    /// <summary>Everything that it has logged.</summary>
    public string LogText() =>
        File.Exists(Path.Combine(_directory, "swarmd.log")) ? File.ReadAllText(Path.Combine(_directory, "swarmd.log")) : "";

    private string SocketPath => Path.Combine(_directory, "swarmd.sock");

    /// <summary>The processor time of all the daemon's threads until its first answer. Time of other programs does not count. Source:
    /// schedstat of proc(5), in nanoseconds.</summary>
    public TimeSpan ProcessorUntilReady { get; private set; }

    public ControlClient Client => new(_channel!);

    /// <summary>Starts the daemon. Returns the time until it has answered GetDaemon.</summary>
    public TimeSpan Start()
    {
        var started = Stopwatch.GetTimestamp();
        _process = Process.Start(StartInfo()) ?? throw new InvalidOperationException($"{_program} does not start.");
        var socket = Connect(started);
        _channel = GrpcChannel.ForAddress(
            "http://localhost",
            new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler
                {
                    ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new NetworkStream(socket, ownsSocket: true)),
                },
                DisposeHttpClient = true,
            }
        );
        Client.Daemon.GetDaemon(new GetDaemonRequest());
        var elapsed = Stopwatch.GetElapsedTime(started);
        var nanoseconds = Directory
            .GetDirectories($"/proc/{_process.Id}/task")
            .Sum(static t => long.Parse(File.ReadAllText(Path.Combine(t, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture));
        ProcessorUntilReady = TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
        return elapsed;
    }

    /// <summary>Resident memory in bytes: all of it, and the part that is not a file's. Source: VmRSS and RssAnon of proc(5).</summary>
    public (long Resident, long Anonymous) Memory()
    {
        var status = File.ReadAllLines($"/proc/{_process!.Id}/status");
        return (Field("VmRSS:"), Field("RssAnon:"));

        long Field(string name) =>
            long.Parse(
                status.Single(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal),
                NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture
            ) * 1024;
    }

    /// <summary>Asks it to stop, as a service manager does, and waits for its end.</summary>
    public void Stop()
    {
        _channel?.Dispose();
        _channel = null;
        if (_process is not { } process)
        {
            return;
        }
        _ = Kill(process.Id, SigTerm);
        if (!process.WaitForExit(GiveUp))
        {
            process.Kill();
            throw new InvalidOperationException($"swarmd (pid {process.Id}) did not stop within {GiveUp.TotalSeconds} s; log: {LogText()}");
        }
        process.Dispose();
        _process = null;
    }

    public void Dispose()
    {
        _channel?.Dispose();
        if (_process is { HasExited: false } process)
        {
            process.Kill();
            process.WaitForExit();
        }
        _process?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private ProcessStartInfo StartInfo()
    {
        var managed = _program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        // A shell sends the log to a file: a pipe that nobody reads would stop swarmd. exec keeps the process id.
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        string[] arguments =
        [
            "-c",
            "exec \"$@\" >>\"$0\" 2>&1 </dev/null",
            Path.Combine(_directory, "swarmd.log"),
            .. managed ? ["dotnet", _program] : (string[])[_program],
            "--state-dir",
            Path.Combine(_directory, "state"),
            "--socket",
            SocketPath,
            "--listen",
            _listen,
            "--advertise",
            _listen,
            "--executor",
            _executor,
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        if (SyncDelay > TimeSpan.Zero)
        {
            start.Environment["SWARM_TEST_SYNC_DELAY"] = SyncDelay.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        }
        return start;
    }

    private Socket Connect(long started)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(SocketPath));
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                if (_process!.HasExited || Stopwatch.GetElapsedTime(started) > GiveUp)
                {
                    throw new InvalidOperationException($"swarmd does not open its socket; log: {LogText()}", e);
                }
                Thread.Sleep(TimeSpan.FromMilliseconds(0.5));
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
