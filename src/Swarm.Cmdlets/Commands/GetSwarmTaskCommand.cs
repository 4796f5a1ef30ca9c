using Grpc.Core;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Mapping;
using Swarm.Cmdlets.Parameters;

namespace Swarm.Cmdlets.Commands;

[Cmdlet(VerbsCommon.Get, "SwarmTask")]
[OutputType(typeof(Task))]
public sealed class GetSwarmTaskCommand : SwarmCmdlet
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [Selector(SelectorKind.Task)]
    [ArgumentCompleter(typeof(TaskCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter]
    [Selector(SelectorKind.Service)]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Service { get; set; } = [];

    [Parameter]
    [Selector(SelectorKind.Node)]
    [ArgumentCompleter(typeof(NodeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Node { get; set; } = [];

    [Parameter]
    public SwitchParameter Running { get; set; }

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        switch (InputObject is null ? null : SelectorAttribute.TypeOf(InputObject))
        {
            case null:
                break;
            case "Service" or "ServiceRevision":
                await ShowAsync([Property("Id", "ServiceId")], [], cancellationToken);
                return;
            case "Node" or "SandboxNode":
                await ShowAsync([], [Property("NodeId", "Id")], cancellationToken);
                return;
            case "Task":
                Name = [Property("Id")];
                break;
            default:
                Name = [LanguagePrimitives.ConvertTo<string>(InputObject!.Properties["Name"]?.Value ?? InputObject)];
                break;
        }
        if (Name is null)
        {
            await ShowAsync(Service, Node, cancellationToken);
            return;
        }
        foreach (var name in Name)
        {
            await ShowNamedAsync(name, cancellationToken);
        }
    }

    private string Property(params string[] names) =>
        names.Select(n => $"{InputObject!.Properties[n]?.Value}").FirstOrDefault(v => v.Length > 0) ?? "";

    private async ValueTask ShowNamedAsync(string name, CancellationToken cancellationToken)
    {
        if (WildcardPattern.ContainsWildcardCharacters(name))
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            Write((await ListAsync([], Service, Node, cancellationToken)).Where(t => pattern.IsMatch(t.Name)));
            return;
        }
        try
        {
            var tasks = await ListAsync([name], Service, Node, cancellationToken);
            if (tasks.Count > 0)
            {
                Write(tasks);
                return;
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // Perhaps it names a service, as it does for `docker service ps`.
        }
        try
        {
            // An existing service without tasks is silence, not an error.
            using var services = Client.ListServices(
                new V1.ListServicesRequest { Selectors = { name } },
                cancellationToken: cancellationToken
            );
            if (await services.ResponseStream.MoveNext(cancellationToken))
            {
                await ShowAsync([services.ResponseStream.Current.Id], Node, cancellationToken);
                return;
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound) { }
        Report(
            new SwarmException(
                "TaskNotFound",
                $"There is no task '{name}', and no service of that name.",
                name,
                "Get-SwarmTask lists them."
            )
        );
    }

    private async ValueTask ShowAsync(string[] services, string[] nodes, CancellationToken cancellationToken)
    {
        var literal = new List<string>();
        foreach (var service in services)
        {
            if (WildcardPattern.ContainsWildcardCharacters(service))
            {
                literal.AddRange((await FindServicesAsync([service], cancellationToken)).Select(s => s.Id));
            }
            else
            {
                literal.Add(service);
            }
        }
        if (services.Length > 0 && literal.Count == 0)
        {
            return;
        }
        Write(await ListAsync([], literal, nodes, cancellationToken));
    }

    private async ValueTask<List<Task>> ListAsync(
        IEnumerable<string> names,
        IEnumerable<string> services,
        IEnumerable<string> nodes,
        CancellationToken cancellationToken
    )
    {
        using var call = Client.ListTasks(
            new V1.ListTasksRequest
            {
                Selectors = { names },
                Services = { services },
                Nodes = { nodes },
                DesiredRunning = Running,
            },
            cancellationToken: cancellationToken
        );
        List<Task> all = [];
        await foreach (var task in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            all.Add(OutputMapper.ToTask(task));
        }
        return all;
    }

    // History is shown under the task that holds the slot now, which takes the whole list.
    private void Write(IEnumerable<Task> tasks)
    {
        var ordered = tasks
            .OrderBy(t => t.ServiceName, StringComparer.Ordinal)
            .ThenBy(t => t.Slot)
            .ThenBy(t => t.Slot == 0 ? t.Name : "", StringComparer.Ordinal)
            .ThenBy(t => t.DesiredState > TaskState.Running)
            .ThenByDescending(t => t.CreatedAt);
        Task? newest = null;
        foreach (var task in ordered)
        {
            task.IsHistory = newest?.ServiceId == task.ServiceId && newest.Name == task.Name && task.DesiredState > TaskState.Running;
            newest = task.IsHistory ? newest : task;
            WriteObject(task);
        }
    }
}
