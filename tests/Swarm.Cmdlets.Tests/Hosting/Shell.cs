using System.Management.Automation.Runspaces;

namespace Swarm.Cmdlets.Tests.Hosting;

/// <summary>A real runspace with PowerShell's built-in modules and ours imported, talking to a fake manager.</summary>
internal sealed class Shell : IAsyncDisposable
{
    private readonly ScreenHost _host = new();
    private readonly Runspace _runspace;

    private Shell(FakeSwarmd? daemon)
    {
        Daemon = daemon;
        var state = InitialSessionState.CreateDefault2();
        state.ImportPSModule("Microsoft.PowerShell.Management", "Microsoft.PowerShell.Security", "Microsoft.PowerShell.Utility");
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        }
        _runspace = RunspaceFactory.CreateRunspace(_host, state);
        _runspace.Open();
        Environment.SetEnvironmentVariable("SWARM_SOCKET", daemon?.Socket ?? "/nonexistent/swarmd.sock");
    }

    public FakeSwarmd? Daemon { get; }
    public FakeControl Fake => Daemon!.Control;
    public string Screen => _host.Text;

    public static async ValueTask<Shell> StartAsync(bool daemon = true)
    {
        var shell = new Shell(daemon ? await FakeSwarmd.StartAsync() : null);
        shell.Run("Import-Module $path", ("path", Path.Combine(ModuleLayout.Folder, "Swarm.psd1"))).ThrowIfFailed();
        return shell;
    }

    public Result Run(string script, params (string Name, object? Value)[] variables)
    {
        using var shell = PowerShell.Create(_runspace);
        foreach (var (name, value) in variables)
        {
            _runspace.SessionStateProxy.SetVariable(name, value);
        }
        shell.AddScript(script);
        Exception? thrown = null;
        List<PSObject> output = [];
        try
        {
            output.AddRange(shell.Invoke());
        }
        catch (RuntimeException e)
        {
            thrown = e;
        }
        return new Result(
            output,
            [.. shell.Streams.Error],
            [.. shell.Streams.Information],
            [.. shell.Streams.Progress],
            [.. shell.Streams.Warning.Select(w => w.Message)],
            [.. shell.Streams.Verbose.Select(v => v.Message)],
            (thrown as RuntimeException)?.ErrorRecord
        )
        {
            Debug = [.. shell.Streams.Debug.Select(d => d.Message)],
        };
    }

    public PowerShell Begin(string script, PSDataCollection<PSObject> output)
    {
        var shell = PowerShell.Create(_runspace);
        shell.AddScript(script);
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        return shell;
    }

    public async ValueTask DisposeAsync()
    {
        _runspace.Dispose();
        Environment.SetEnvironmentVariable("SWARM_SOCKET", null);
        if (Daemon is not null)
        {
            await Daemon.DisposeAsync();
        }
    }
}

internal sealed record Result(
    List<PSObject> Output,
    ErrorRecord[] Errors,
    InformationRecord[] Information,
    ProgressRecord[] Progress,
    string[] Warnings,
    string[] Verbose,
    ErrorRecord? Terminating
)
{
    public string[] Debug { get; init; } = [];

    public T[] As<T>() => [.. ThrowIfFailed().Output.Select(o => Assert.IsType<T>(o.BaseObject))];

    public T One<T>() => Assert.Single(As<T>());

    public ErrorRecord Error => Terminating ?? Assert.Single(Errors);

    public Result ThrowIfFailed()
    {
        Assert.True(Terminating is null, Terminating?.ToString());
        Assert.True(Errors.Length == 0, Errors.FirstOrDefault()?.ToString());
        return this;
    }
}
