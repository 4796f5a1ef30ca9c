using System.Management.Automation;

namespace Swarm.BuildHost.Hosting;

/// <summary>Out-String: what Out-Default would show, as one string. As <see cref="FormatListCommand"/>, for want of the package that has it.</summary>
[Cmdlet("Out", "String")]
[OutputType(typeof(string))]
public sealed class OutStringCommand : PSCmdlet
{
    private readonly List<PSObject?> _items = [];

    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int? Width { get; set; }

    protected override void ProcessRecord() => _items.Add(InputObject);

    protected override void EndProcessing()
    {
        if (Host.PrivateData?.BaseObject is not ConsoleHost host)
        {
            throw new PSInvalidOperationException("Out-String belongs to this host alone.");
        }
        using var text = new StringWriter();
        using (host.Capture(text, Width))
        {
            using var show = ScriptBlock.Create("Out-Default").GetSteppablePipeline(CommandOrigin.Internal);
            show.Begin(expectInput: true);
            _items.ForEach(item => show.Process(item));
            show.End();
        }
        WriteObject(text.ToString());
    }
}
