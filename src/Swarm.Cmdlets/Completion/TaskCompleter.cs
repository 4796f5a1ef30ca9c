using System.Collections;

namespace Swarm.Cmdlets.Completion;

public sealed class TaskCompleter : LiveCompleter
{
    private protected override async Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(
                    client.Tasks.ListTasks(new V1.ListTasksRequest { DesiredRunning = true }, cancellationToken: cancellationToken),
                    cancellationToken
                )
            ).Select(t => new Candidate(t.Name, $"{(TaskState)(t.Status?.State ?? 0)} on {t.NodeName}", t.Id)),
        ];
}
