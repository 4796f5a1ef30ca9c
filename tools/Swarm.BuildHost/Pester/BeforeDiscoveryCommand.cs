using System.Management.Automation;

namespace Swarm.BuildHost.Pester;

/// <summary>Pester's BeforeDiscovery: runs its block in the scope it stands in. A cmdlet, because a function would have a scope of its own.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "BeforeDiscovery")]
[Alias("BeforeDiscovery")]
public sealed class BeforeDiscoveryCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    public required ScriptBlock ScriptBlock { get; set; }

    protected override void EndProcessing() => InvokeCommand.InvokeScript(useLocalScope: false, ScriptBlock, input: null);
}
