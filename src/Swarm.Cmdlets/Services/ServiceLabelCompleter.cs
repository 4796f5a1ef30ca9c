using System.Collections;
using Swarm.Cmdlets.Completion;

namespace Swarm.Cmdlets.Services;

/// <summary>Completes labels that services have: their names, and <c>name=value</c>.</summary>
public sealed class ServiceLabelCompleter : LiveCompleter
{
    private protected override async Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        var services = await AllAsync(
            client.Services.ListServices(new V1.ListServicesRequest(), cancellationToken: cancellationToken),
            cancellationToken
        );
        return
        [
            .. services.SelectMany(static s =>
                s.Spec.Labels.SelectMany(l =>
                    (Candidate[])
                        [
                            new(l.Key, $"a label of any value, as {s.Spec.Name} has it"),
                            new($"{l.Key}={l.Value}", $"as {s.Spec.Name} has it"),
                        ]
                )
            ),
        ];
    }
}
