using System.Collections;
using System.Globalization;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes the revisions of the services that -Name names, the newest first, with their changes. -ToRevision leaves out the
/// current one.</summary>
public sealed class RevisionCompleter : LiveCompleter
{
    private protected override IComparer<Candidate> Order { get; } =
        Comparer<Candidate>.Create(
            (a, b) => long.Parse(b.Text, CultureInfo.InvariantCulture).CompareTo(long.Parse(a.Text, CultureInfo.InvariantCulture))
        );

    private protected override async Task<List<Candidate>> NamesAsync(
        V1.ControlClient client,
        string parameter,
        IDictionary bound,
        CancellationToken cancellationToken
    )
    {
        var revisions = await NamedAsync(
            bound,
            names =>
                client.Services.ListServiceRevisions(
                    new V1.ListServiceRevisionsRequest { Selectors = { names } },
                    cancellationToken: cancellationToken
                ),
            static r => r.ServiceName,
            cancellationToken
        );
        return
        [
            .. revisions
                .Where(r => !(r.Current && parameter == "ToRevision"))
                .Select(r => new Candidate(
                    r.Number.ToString(CultureInfo.InvariantCulture),
                    $"{r.ServiceName}{(r.Current ? " (current)" : "")}: {(r.Changes.Count > 0 ? string.Join("; ", r.Changes) : Display.Image(r.Spec?.Container?.Image))}"
                )),
        ];
    }
}
