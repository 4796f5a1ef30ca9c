using Swarm.Core.Errors;

namespace Swarm.Core.Identity;

/// <summary>Objects of a kind, and the rule by which a user's word means some of them. The exact id goes first, then the exact name, then the
/// beginning of exactly one id.</summary>
public sealed record NamedObjects<T>
    where T : class
{
    /// <summary>Candidates that an error names.</summary>
    public const int CandidatesShown = 10;

    private readonly string _kind;
    private readonly IEnumerable<T> _all;
    private readonly Func<T, string> _idOf;
    private readonly Func<T, string> _nameOf;

    /// <param name="kind">For errors: service, node.</param>
    /// <param name="all">Every object; read only where an id's beginning is looked for, unless there is no faster way.</param>
    /// <param name="idOf">The object's id.</param>
    /// <param name="nameOf">The object's name, which candidates of an error have in brackets.</param>
    public NamedObjects(string kind, IEnumerable<T> all, Func<T, string> idOf, Func<T, string> nameOf)
    {
        (_kind, _all, _idOf, _nameOf) = (kind, all, idOf, nameOf);
        ById = id => _all.FirstOrDefault(o => string.Equals(_idOf(o), id, IdComparison));
        ByName = name => [.. _all.Where(o => _nameOf(o) == name)];
    }

    /// <summary>Ids are compared byte by byte, as Docker does; hexadecimal ones may have letters of both cases.</summary>
    public StringComparison IdComparison { get; init; } = StringComparison.Ordinal;

    /// <summary>A faster way to the object of an id.</summary>
    public Func<string, T?> ById { private get; init; }

    /// <summary>A faster way to the objects of a name, the one that is meant first.</summary>
    public Func<string, IReadOnlyList<T>> ByName { private get; init; }

    /// <summary>The object that the word means; null: there is none.</summary>
    /// <exception cref="SwarmException">AmbiguousSelector: several objects have the name, or ids that begin so.</exception>
    public T? FindOne(string selector)
    {
        var found = Find(selector);
        return found.Count switch
        {
            0 => default,
            1 => found[0],
            _ => throw Ambiguous(selector, found),
        };
    }

    /// <summary>The objects that the word means: all of a name, else one; empty: there is none.</summary>
    /// <exception cref="SwarmException">AmbiguousSelector: several ids begin so.</exception>
    public IReadOnlyList<T> Find(string selector) => FindExact(selector) is { Count: > 0 } found ? found : FindByBeginning(selector);

    /// <summary>The objects that have exactly this id, else those that have exactly this name.</summary>
    public IReadOnlyList<T> FindExact(string selector) =>
        selector.Length == 0 ? []
        : ById(selector) is { } one ? [one]
        : ByName(selector);

    private List<T> FindByBeginning(string selector)
    {
        var found = selector.Length == 0 ? [] : _all.Where(o => _idOf(o).StartsWith(selector, IdComparison)).ToList();
        return found.Count > 1 ? throw Ambiguous(selector, found) : found;
    }

    private SwarmException Ambiguous(string selector, IReadOnlyList<T> candidates)
    {
        var shown = candidates
            .Select(o => _nameOf(o).Length == 0 ? _idOf(o) : $"{_idOf(o)} ({_nameOf(o)})")
            .Order(StringComparer.Ordinal)
            .Take(CandidatesShown);
        var more = candidates.Count > CandidatesShown ? $" and {candidates.Count - CandidatesShown} more" : "";
        return new SwarmException(
            SwarmErrorKind.InvalidArgument,
            "AmbiguousSelector",
            $"{_kind} {selector} is ambiguous: {string.Join(", ", shown)}{more}",
            selector,
            "Give the whole id."
        );
    }
}
