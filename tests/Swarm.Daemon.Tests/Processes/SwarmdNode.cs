using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Net.Client;
using Swarm.Daemon.Tests.Agent;
using Swarm.Host.Processes;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Processes;

/// <summary>A machine as swarmd sees it: a state directory, a socket and an address. Its swarmd can be started, stopped and
/// killed.</summary>
internal sealed class SwarmdNode : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _output = new();
    private readonly GrpcChannel _channel;
    private Process? _process;

    public SwarmdNode(string directory, string name, string executor)
    {
        Name = name;
        Executor = executor;
        StateDirectory = Path.Combine(directory, name);
        Socket = Path.Combine(directory, name + ".sock");
        Address = LoopbackAddress.Next();
        _channel = ScriptedDispatcher.Connect(Socket);
        Control = new V1.ControlClient(_channel);
    }

    public string Name { get; }
    public string Executor { get; }
    public string StateDirectory { get; set; }
    public string Socket { get; set; }

    /// <summary>host:port of the cluster port.</summary>
    public string Address { get; }

    /// <summary>Over the local socket.</summary>
    public V1.ControlClient Control { get; }

    /// <summary>Arguments beyond state directory, socket, address, name and executor.</summary>
    public List<string> Arguments { get; } = [];
    public Dictionary<string, string?> Environment { get; } = [];

    /// <summary>The command line before swarmd, for example <c>unshare</c>.</summary>
    public string[] Before { get; set; } = [];

    /// <summary>Standard output and standard error of all its processes, a line each.</summary>
    public IReadOnlyCollection<string> Output => _output;

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException($"{Name} was not started.");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts swarmd and returns once it reports that it is ready.</summary>
    public async Task StartAsync(SwarmdProgram? program = null)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var exited = Run(
            program,
            line =>
            {
                if (line.StartsWith("swarmd ", StringComparison.Ordinal) && line.Contains(" ready in ", StringComparison.Ordinal))
                {
                    ready.TrySetResult();
                }
            }
        );
        await Deadline.WaitAsync(Task.WhenAny(ready.Task, exited), $"{Name} to be ready", Patience);
        Assert.True(ready.Task.IsCompleted, $"{Name} ended at its start:\n{Log()}");
    }

    /// <summary>Starts a swarmd that must refuse.</summary>
    /// <returns>Its exit code and its message.</returns>
    public async Task<(int ExitCode, string Said)> RefuseAsync()
    {
        _output.Clear();
        await Deadline.WaitAsync(Run(null, static _ => { }), $"{Name} to refuse to start", Patience);
        return (_process!.ExitCode, Log());
    }

    /// <summary>SIGTERM, as from a service manager's stop or an upgrade.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        Assert.True(ProcessSignal.Send(ProcessIdentity.Of(ProcessId)!, ProcessSignal.Term));
        await Deadline.WaitAsync(_process!.WaitForExitAsync(Cancel), $"{Name} to end after SIGTERM", Patience);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await Deadline.WaitAsync(_process.WaitForExitAsync(Cancel), $"{Name} to end after SIGKILL", Patience);
    }

    public string Log() => string.Join('\n', _output);

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        if (_process is { } process)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
            await Deadline.WaitAsync(process.WaitForExitAsync(CancellationToken.None), $"{Name} to end after SIGKILL", Patience);
            process.Dispose();
        }
        KillTasks();
    }

    /// <summary>Ends the tasks that a test has left: tasks of the process executor outlive swarmd.</summary>
    private void KillTasks()
    {
        var tasks = Path.Combine(StateDirectory, "processes");
        foreach (var directory in Directory.Exists(tasks) ? Directory.GetDirectories(tasks) : [])
        {
            foreach (var file in (string[])["supervisor", "started"])
            {
                if (ProcessIdentity.Read(Path.Combine(directory, file)) is { IsAlive: true } alive)
                {
                    ProcStat.OfSession(alive.Pid).ForEach(static p => ProcessSignal.Send(ProcessIdentity.Of(p), ProcessSignal.Kill));
                }
            }
        }
    }

    private Task Run(SwarmdProgram? program, Action<string> onLine)
    {
        Assert.True(_process is null || _process.HasExited, $"{Name} runs already.");
        _process?.Dispose();
        var start = (program ?? SwarmdProgram.Find()).Start(
            [
                "--state-dir",
                StateDirectory,
                "--socket",
                Socket,
                "--listen",
                Address,
                "--advertise",
                Address,
                "--hostname",
                Name,
                "--executor",
                Executor,
                .. Arguments,
            ],
            Before
        );
        foreach (var variable in start.Environment.Keys.Where(k => k.StartsWith("SWARMD_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(variable);
        }
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }
        var process = _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        // No deadline: whoever needs it waits with one.
        return process.WaitForExitAsync(CancellationToken.None);

        void Take(string? line)
        {
            if (line is not null)
            {
                _output.Enqueue(line);
                onLine(line);
            }
        }
    }
}
