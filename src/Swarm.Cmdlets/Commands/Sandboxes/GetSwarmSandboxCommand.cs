using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Parameters;
using Swarm.Cmdlets.Sandboxes;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "SwarmSandbox")]
[OutputType(typeof(Sandbox))]
public sealed class GetSwarmSandboxCommand : AsyncCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Sandbox)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    public string[]? Name { get; set; }

    protected override ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        var all = SandboxStore.All();
        foreach (var name in Name ?? ["*"])
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var found = all.Where(s => pattern.IsMatch(s.Name)).ToList();
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                Report(new SwarmException("SandboxNotFound", $"There is no sandbox '{name}'.", name, "Get-SwarmSandbox lists them."));
            }
            WriteObject(found, enumerateCollection: true);
        }
        return default;
    }
}
