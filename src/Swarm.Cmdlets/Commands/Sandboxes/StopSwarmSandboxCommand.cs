using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Sandboxes;
using Swarm.Cmdlets.Sessions;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Stop, "SwarmSandbox", SupportsShouldProcess = true)]
public sealed class StopSwarmSandboxCommand : AsyncCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Sandbox)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    public string[]? Name { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var sandbox in Chosen())
        {
            if (Approve(sandbox.Name, "Stop the sandbox and remove its files", Force))
            {
                await StopAsync(sandbox, cancellationToken);
            }
        }
    }

    private async ValueTask StopAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        var bar = new ProgressRecord(1, $"Sandbox {sandbox.Name}", "Stopping");
        var left = await SandboxLauncher.StopAsync(
            sandbox,
            status =>
            {
                bar.StatusDescription = status;
                WriteProgress(bar);
            },
            cancellationToken
        );
        bar.RecordType = ProgressRecordType.Completed;
        WriteProgress(bar);
        foreach (var session in SessionTable.All().Where(s => sandbox.Nodes.Any(n => n.Socket == s.Endpoint)))
        {
            SessionTable.Remove(session.Id);
        }
        if (left.Count > 0)
        {
            Report(
                new SwarmException(
                    "SandboxStopIncomplete",
                    $"Of sandbox '{sandbox.Name}' this is left: {string.Join("; ", left)}.",
                    sandbox.Name,
                    $"Run Stop-SwarmSandbox {sandbox.Name} again with the rights to remove it."
                )
            );
        }
    }

    // Without a name: the sandboxes of this process, else the only one. Never another session's among several.
    private List<Sandbox> Chosen()
    {
        var all = SandboxStore.All();
        if (Name is null)
        {
            var own = all.Where(s => s.OwnerProcessId == Environment.ProcessId).ToList();
            return own.Count > 0 ? own
                : all.Count <= 1 ? [.. all]
                : throw new SwarmException(
                    "SandboxAmbiguous",
                    $"There are several sandboxes: {string.Join(", ", all.Select(s => s.Name))}.",
                    "",
                    "Name the ones to stop."
                );
        }
        List<Sandbox> chosen = [];
        foreach (var name in Name)
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var found = all.Where(s => pattern.IsMatch(s.Name)).ToList();
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                Report(new SwarmException("SandboxNotFound", $"There is no sandbox '{name}'.", name, "Get-SwarmSandbox lists them."));
            }
            chosen.AddRange(found);
        }
        return chosen;
    }
}
