using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace Swarm.BuildHost.Hosting;

/// <summary>Format-Table, as <see cref="FormatListCommand"/>.</summary>
[Cmdlet(VerbsCommon.Format, "Table")]
[Alias("ft")]
public sealed class FormatTableCommand : OuterFormatTableBase
{
    public FormatTableCommand() => EngineFormatter.Attach(this, "Table");
}
