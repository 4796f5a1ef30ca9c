using Grpc.Core;
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
    public SwitchParameter Wait { get; set; }

    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(WordCompleter))]
    public TimeSpan? Timeout { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private readonly List<V1.Task> _stopped = [];

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var name in Name)
        {
            var request = new V1.StopTaskRequest { RequestId = NewRequestId(), Selector = name };
            try
            {
                if (await ApproveAsync(name, "Stop task", token => PreviewAsync(request, token), Force, cancellationToken))
                {
                    var stopped = await Client.Tasks.StopTaskAsync(request, cancellationToken: cancellationToken);
                    if (Wait)
                    {
                        _stopped.Add(stopped.Task);
                    }
                    else if (PassThru)
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

    // Follows all tasks at the same time.
    protected override async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (_stopped.Count == 0)
        {
            return;
        }
        await WaitForStoppedTasksAsync(_stopped, Timeout, cancellationToken);
        foreach (var task in PassThru ? _stopped : [])
        {
            WriteObject(OutputMapper.ToTask(await ReadAsync(task, cancellationToken)));
        }
    }

    /// <summary>Reads the task after the wait. If no history holds it any more, the task as it was when it was stopped.</summary>
    private async Task<V1.Task> ReadAsync(V1.Task task, CancellationToken cancellationToken)
    {
        try
        {
            using var call = Client.Tasks.ListTasks(
                new V1.ListTasksRequest { Selectors = { task.Id } },
                cancellationToken: cancellationToken
            );
            return await call.ResponseStream.MoveNext(cancellationToken) ? call.ResponseStream.Current : task;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return task;
        }
    }

    private async Task<V1.Preview?> PreviewAsync(V1.StopTaskRequest request, CancellationToken cancellationToken)
    {
        var dry = request.Clone();
        dry.DryRun = true;
        return (await Client.Tasks.StopTaskAsync(dry, cancellationToken: cancellationToken)).Preview;
    }
}
