using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsLifecycle.Stop, "SwarmTask", SupportsShouldProcess = true)]
[OutputType(typeof(Task))]
public sealed class StopSwarmTaskCommand : SwarmCmdlet
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Selector(SelectorKind.Task)]
    [Alias("Id")]
    [ArgumentCompleter(typeof(TaskCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var name in Name)
        {
            var request = new V1.StopTaskRequest { RequestId = NewRequestId(), Selector = name };
            try
            {
                if (await ApproveAsync(name, "Stop task", token => PreviewAsync(request, token), false, cancellationToken))
                {
                    var stopped = await Client.StopTaskAsync(request, cancellationToken: cancellationToken);
                    if (PassThru)
                    {
                        WriteObject(OutputMapper.ToTask(stopped.Task));
                    }
                }
            }
            catch (Exception e) when (IsOfOneObject(e))
            {
                Report(e, name);
            }
        }
    }

    private async Task<V1.Preview?> PreviewAsync(V1.StopTaskRequest request, CancellationToken cancellationToken)
    {
        var dry = request.Clone();
        dry.DryRun = true;
        return (await Client.StopTaskAsync(dry, cancellationToken: cancellationToken)).Preview;
    }
}
