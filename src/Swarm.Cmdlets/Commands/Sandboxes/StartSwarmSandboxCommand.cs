using System.Collections;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Sandboxes;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Start, "SwarmSandbox", SupportsShouldProcess = true)]
[OutputType(typeof(Sandbox), typeof(SandboxNode))]
public sealed class StartSwarmSandboxCommand : AsyncCmdlet
{
    [Parameter(Position = 0)]
    [ValidatePattern("^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")]
    [ArgumentCompleter(typeof(WordCompleter))]
    public string? Name { get; set; }

    [Parameter]
    [ValidateRange(0, 200)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public int Workers { get; set; } = 2;

    [Parameter]
    public SandboxExecutor Executor { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    [Parameter]
    [Labels(PerNode = true)]
    [ArgumentCompleter(typeof(WordCompleter))]
    public Hashtable Label { get; set; } = [];

    [Parameter]
    public SwitchParameter NoSwarm { get; set; }

    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        var name = Name ?? FreeName();
        if (SandboxStore.Exists(name))
        {
            throw new SwarmException(
                "SandboxExists",
                $"There is a sandbox '{name}'.",
                name,
                $"Give another -Name, or stop it with Stop-SwarmSandbox {name}."
            );
        }
        if (!ShouldProcess(name, $"Start a sandbox with {Workers} workers"))
        {
            return;
        }
        var labels = Labels();
        var program = DaemonProgram.Find();
        var sandbox = new Sandbox
        {
            Name = name,
            Executor = await ChooseAsync(cancellationToken),
            CreatedAt = DateTime.Now,
            OwnerProcessId = Environment.ProcessId,
        };
        var given = Path is null ? null : GetUnresolvedProviderPathFromPSPath(Path);
        if (given is not null && Directory.Exists(given) && Directory.EnumerateFileSystemEntries(given).Any())
        {
            throw new SwarmException(
                "DirectoryExists",
                $"'{given}' is not empty.",
                given,
                "Give a -Path that does not exist yet: stopping the sandbox removes it."
            );
        }
        sandbox.Path = given is null
            ? Directory.CreateTempSubdirectory($"swarm-{name}-").FullName
            : Directory.CreateDirectory(given).FullName;
        sandbox.Nodes = SandboxPlan.Nodes(name, sandbox.Path, Workers, program, sandbox.Executor, labels, out var addresses);
        using var claim = addresses;
        sandbox.Socket = sandbox.Nodes[0].Socket;
        var bar = new ProgressRecord(1, $"Sandbox {name}", "Starting");
        try
        {
            var wait = new DaemonWait(sandbox.Nodes, s => Show(bar, s), WriteWarning, TimeProvider.System);
            await SandboxLauncher.StartAsync(sandbox, !NoSwarm, wait, cancellationToken);
        }
        catch
        {
            // After any failure, including Ctrl+C, no part of the sandbox stays.
            await SandboxLauncher.AbandonAsync(sandbox);
            throw;
        }
        bar.RecordType = ProgressRecordType.Completed;
        WriteProgress(bar);
        // A console shows it, and nothing else reads it: the objects of the pipeline are the sandbox's.
        WriteInformation(
            $"Sandbox '{name}' goes on when this PowerShell ends. Get-SwarmSandbox lists it in every session, and Stop-SwarmSandbox {name} removes it.",
            ["PSHOST", "SwarmSandbox"]
        );
        if (NoSwarm)
        {
            WriteObject(sandbox.Nodes, enumerateCollection: true);
            return;
        }
        var connection = Connection.OpenSocket(sandbox.Socket);
        SessionTable.Add(
            connection,
            await connection.Client.Daemon.GetDaemonAsync(new V1.GetDaemonRequest(), cancellationToken: cancellationToken),
            makeDefault: true
        );
        WriteObject(sandbox);
    }

    private void Show(ProgressRecord bar, string status)
    {
        bar.StatusDescription = status;
        WriteProgress(bar);
    }

    private async Task<SandboxExecutor> ChooseAsync(CancellationToken cancellationToken)
    {
        if (Executor != SandboxExecutor.Auto)
        {
            return Executor;
        }
        if (await SandboxLauncher.EngineAnswersAsync(cancellationToken))
        {
            return SandboxExecutor.Docker;
        }
        // Processes are no containers: users should not confuse them.
        WriteWarning(
            "No container engine answers on this machine: the tasks are supervised processes. -Executor Process says so from the start."
        );
        return SandboxExecutor.Process;
    }

    private static string FreeName() =>
        Enumerable.Range(1, int.MaxValue - 1).Select(i => i == 1 ? "sandbox" : $"sandbox{i}").First(n => !SandboxStore.Exists(n));

    // @{ zone = 'a' } is for every node, @{ worker1 = @{ zone = 'a' } } for one.
    private Dictionary<string, string[]> Labels()
    {
        Dictionary<string, string[]> labels = new(StringComparer.OrdinalIgnoreCase) { [""] = [] };
        foreach (DictionaryEntry entry in Label)
        {
            var key = $"{entry.Key}";
            if (entry.Value is not IDictionary own)
            {
                labels[""] = [.. labels[""], $"{key}={entry.Value}"];
            }
            else if (
                key is "manager1"
                || (
                    key.StartsWith("worker", StringComparison.OrdinalIgnoreCase)
                    && int.TryParse(key[6..], out var n)
                    && n >= 1
                    && n <= Workers
                )
            )
            {
                labels[key.ToLowerInvariant()] = [.. own.Keys.Cast<object>().Select(k => $"{k}={own[k]}")];
            }
            else
            {
                throw new SwarmException(
                    "NodeNotFound",
                    $"-Label names the node '{key}', which this sandbox does not have.",
                    key,
                    "Nodes are manager1, worker1, worker2, …"
                );
            }
        }
        return labels;
    }
}
