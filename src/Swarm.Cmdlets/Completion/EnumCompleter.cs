using System.Collections;

namespace Swarm.Cmdlets.Completion;

/// <summary>Completes the names of an enum's values. PowerShell does so by itself, but completes files where none begins so.</summary>
public sealed class EnumCompleter<T> : NameCompleter
    where T : struct, Enum
{
    private protected override IComparer<Candidate> Order { get; } =
        Comparer<Candidate>.Create(static (a, b) => Enum.Parse<T>(a.Text).CompareTo(Enum.Parse<T>(b.Text)));

    private protected override IEnumerable<Candidate> Names(string parameter, IDictionary bound) =>
        Enum.GetNames<T>().Where(static n => n != "Unspecified").Select(static n => new Candidate(n, n));
}
