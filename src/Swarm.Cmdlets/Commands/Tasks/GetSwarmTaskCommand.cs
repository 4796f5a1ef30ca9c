using Grpc.Core;
using Swarm.Cmdlets.Completion;
using Swarm.Cmdlets.Errors;
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
    [SupportsWildcards]
    public string[] Service { get; set; } = [];

    [Parameter]
    [Selector(SelectorKind.Node)]
    [ArgumentCompleter(typeof(NodeCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Node { get; set; } = [];

    [Parameter]
    public SwitchParameter Running { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public TaskState[] State { get; set; } = [];

    protected override async ValueTask ProcessAsync(CancellationToken cancellationToken)
    {
        if (
            await ExpandAsync(Service, FindServicesAsync, s => s.Id, cancellationToken) is not { } services
            || await ExpandAsync(Node, FindNodesAsync, n => n.Id, cancellationToken) is not { } nodes
        )
        {
            return;
        }
        switch (InputObject is null ? null : SelectorAttribute.TypeOf(InputObject))
        {
            case null:
                break;
            case "Service" or "ServiceRevision":
                await ShowAsync(null, [Property("Id", "ServiceId")], nodes, null, cancellationToken);
                return;
            case "Node" or "SandboxNode":
                await ShowAsync(null, services, [Property("NodeId", "Id")], null, cancellationToken);
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
            await ShowAsync(null, services, nodes, null, cancellationToken);
            return;
        }
        foreach (var name in Name)
        {
            await ShowNamedAsync(name, services, nodes, cancellationToken);
        }
    }

    private string Property(params string[] names) =>
        names.Select(n => $"{InputObject!.Properties[n]?.Value}").FirstOrDefault(v => v.Length > 0) ?? "";

    /// <summary>Replaces wildcards by the ids of their matches; the manager resolves the rest. Null when there are wildcards and nothing
    /// matches.</summary>
    private static async ValueTask<List<string>?> ExpandAsync<T>(
        string[] given,
        Func<IEnumerable<string>, CancellationToken, ValueTask<List<T>>> find,
        Func<T, string> idOf,
        CancellationToken cancellationToken
    )
    {
        var wildcards = given.Where(WildcardPattern.ContainsWildcardCharacters).ToArray();
        var all = given.Except(wildcards, StringComparer.Ordinal).ToList();
        if (wildcards.Length > 0)
        {
            all.AddRange((await find(wildcards, cancellationToken)).Select(idOf));
        }
        // An empty list would select all tasks.
        return given.Length > 0 && all.Count == 0 ? null : all;
    }

    /// <summary>The name is a task's or, as for <c>docker service ps</c>, a service's: the manager finds out which.</summary>
    private async ValueTask ShowNamedAsync(string name, List<string> services, List<string> nodes, CancellationToken cancellationToken)
    {
        if (WildcardPattern.ContainsWildcardCharacters(name))
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            await ShowAsync(null, services, nodes, pattern, cancellationToken);
            return;
        }
        try
        {
            await ShowAsync(name, services, nodes, null, cancellationToken);
        }
        catch (RpcException e) when (ErrorMapper.IdOf(e) == "TaskNotFound")
        {
            // The other names may be known.
            Report(e, name);
        }
    }

    /// <summary>Writes the tasks as they arrive, slot by slot: the manager sends them by service, slot and, for a global service, node.</summary>
    private async ValueTask ShowAsync(
        string? name,
        IEnumerable<string> services,
        IEnumerable<string> nodes,
        WildcardPattern? pattern,
        CancellationToken cancellationToken
    )
    {
        var request = new V1.ListTasksRequest
        {
            Services = { services },
            Nodes = { nodes },
            DesiredRunning = Running,
            States = { State.Select(s => (V1.TaskState)s) },
        };
        if (name is not null)
        {
            request.TaskOrService = name;
        }
        using var call = Client.Tasks.ListTasks(request, cancellationToken: cancellationToken);
        List<Task> slot = [];
        await foreach (var message in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            var task = OutputMapper.ToTask(message);
            if (pattern?.IsMatch(task.Name) == false)
            {
                continue;
            }
            if (slot.Count > 0 && PlaceOf(slot[0]) != PlaceOf(task))
            {
                WriteSlot(slot);
                slot.Clear();
            }
            slot.Add(task);
        }
        WriteSlot(slot);
    }

    // Tasks of a global service have no slot. They are sorted by the node's name, which people know; the node's id is in the task's name.
    private static (string Service, long Slot, string Node) PlaceOf(Task task) =>
        (task.ServiceName, task.Slot, task.Slot == 0 ? task.Node : "");

    // History is shown under the task that holds the slot now, so the whole slot must be there first.
    private void WriteSlot(List<Task> tasks)
    {
        // The manager sends the newest first, and this sort keeps its order. Times do not tell: a clock may have been set back.
        var ordered = tasks.OrderBy(t => t.Name, StringComparer.Ordinal).ThenBy(t => t.DesiredState > TaskState.Running);
        Task? newest = null;
        foreach (var task in ordered)
        {
            task.IsHistory = newest?.ServiceId == task.ServiceId && newest.Name == task.Name && task.DesiredState > TaskState.Running;
            newest = task.IsHistory ? newest : task;
            WriteObject(task);
        }
    }
}
