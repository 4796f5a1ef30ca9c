using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace Swarm.BuildHost.Hosting;

/// <summary>Format-List, whose shell is in a package that this host does without; the formatting itself is the engine's.</summary>
[Cmdlet(VerbsCommon.Format, "List")]
[Alias("fl")]
public sealed class FormatListCommand : OuterFormatTableAndListBase
{
    public FormatListCommand() => EngineFormatter.Attach(this, "List");
}
