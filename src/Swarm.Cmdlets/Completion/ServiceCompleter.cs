using System.Collections;

namespace Swarm.Cmdlets.Completion;

public sealed class ServiceCompleter : LiveCompleter
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
                    client.Services.ListServices(new V1.ListServicesRequest(), cancellationToken: cancellationToken),
                    cancellationToken
                )
            ).Select(s => new Candidate(s.Spec.Name, $"{s.RunningTasks}/{s.DesiredTasks} {Display.Image(s.Spec.Container?.Image)}", s.Id)),
        ];
}
