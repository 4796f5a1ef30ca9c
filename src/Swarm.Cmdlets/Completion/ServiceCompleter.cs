using System.Collections;

namespace Swarm.Cmdlets.Completion;

public sealed class ServiceCompleter : LiveCompleter
{
    private protected override async Task<List<(string Text, string ToolTip)>> NamesAsync(
        V1.Control.ControlClient client,
        IDictionary bound,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await AllAsync(client.ListServices(new V1.ListServicesRequest(), cancellationToken: cancellationToken), cancellationToken)
            ).Select(s => (s.Spec.Name, $"{s.RunningTasks}/{s.DesiredTasks} {Display.Image(s.Spec.Container?.Image)}")),
        ];
}
