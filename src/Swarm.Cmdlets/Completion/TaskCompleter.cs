using System.Collections;

namespace Swarm.Cmdlets.Completion;

public sealed class TaskCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(
                    client.ListTasks(new V1.ListTasksRequest { DesiredRunning = true }, cancellationToken: cancellationToken),
                    cancellationToken
                )
            ).Select(t => (t.Name, $"{(TaskState)(t.Status?.State ?? 0)} on {t.NodeName}")),
        ];
}
