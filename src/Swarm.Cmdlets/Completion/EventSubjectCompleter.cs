using System.Collections;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes the subjects of events: services, nodes and running tasks.</summary>
public sealed class EventSubjectCompleter : LiveCompleter
{
    private protected override async Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        var services = AllAsync(
            client.Services.ListServices(new V1.ListServicesRequest(), cancellationToken: cancellationToken),
            cancellationToken
        );
        var nodes = AllAsync(client.Nodes.ListNodes(new V1.ListNodesRequest(), cancellationToken: cancellationToken), cancellationToken);
        var tasks = AllAsync(
            client.Tasks.ListTasks(new V1.ListTasksRequest { DesiredRunning = true }, cancellationToken: cancellationToken),
            cancellationToken
        );
        await AsyncTask.WhenAll(services, nodes, tasks);
        return
        [
            .. (await services).Select(s => new Candidate(s.Spec.Name, "service", s.Id)),
            .. (await nodes).Select(n => new Candidate(n.Name, "node", n.Id)),
            .. (await tasks).Select(t => new Candidate(t.Name, "task", t.Id)),
        ];
    }
}
