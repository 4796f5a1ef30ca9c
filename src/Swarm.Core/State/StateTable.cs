using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Swarm.Core.State;

/// <summary>Objects by id. The table of a fork holds what differs from its origin's, and reads the rest there.</summary>
internal sealed class StateTable<T>(StateTable<T>? origin = null) : IReadOnlyCollection<T>
    where T : class
{
    // Null: removed in the fork.
    private readonly Dictionary<string, T?> _own = new(StringComparer.Ordinal);
    private int _more;

    public int Count => origin is null ? _own.Count : origin.Count + _more;

    /// <summary>The objects as a collection that knows how to copy itself quickly, where there is no origin.</summary>
    public IReadOnlyCollection<T> Values => origin is null ? _own.Values! : this;

    public IEnumerable<KeyValuePair<string, T>> Pairs
    {
        get
        {
            if (origin is not null)
            {
                foreach (var pair in origin.Pairs)
                {
                    if (!_own.ContainsKey(pair.Key))
                    {
                        yield return pair;
                    }
                }
            }
            foreach (var (id, value) in _own)
            {
                if (value is not null)
                {
                    yield return KeyValuePair.Create(id, value);
                }
            }
        }
    }

    public T? Find(string id) => _own.TryGetValue(id, out var value) ? value : origin?.Find(id);

    public bool Contains(string id) => Find(id) is not null;

    /// <summary>Whether the fork has another word on it than its origin, if only that it is removed.</summary>
    public bool Overrides(string id) => origin is not null && _own.ContainsKey(id);

    public void Set(string id, T value)
    {
        if (origin is not null && !Contains(id))
        {
            _more++;
        }
        _own[id] = value;
    }

    public bool Remove(string id, [NotNullWhen(true)] out T? value)
    {
        if (origin is null)
        {
            return _own.Remove(id, out value) && value is not null;
        }
        value = Find(id);
        if (value is null)
        {
            return false;
        }
        _more--;
        _own[id] = null;
        return true;
    }

    public void Clear() => _own.Clear();

    public IEnumerator<T> GetEnumerator() => Pairs.Select(static p => p.Value).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
