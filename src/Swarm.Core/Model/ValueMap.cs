using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Swarm.Core.Model;

/// <summary>An immutable string map in ordinal key order, compared by value. Made for labels: few entries, read often, kept small.</summary>
[SuppressMessage("Naming", "CA1710", Justification = "A map, named for what it adds: value equality.")]
public sealed class ValueMap : IReadOnlyDictionary<string, string>, IEquatable<ValueMap>
{
    public static ValueMap Empty { get; } = new([]);

    private readonly KeyValuePair<string, string>[] _entries;

    private ValueMap(KeyValuePair<string, string>[] entries) => _entries = entries;

    /// <summary>Builds a map; of equal keys the last one counts.</summary>
    public static ValueMap From(IEnumerable<KeyValuePair<string, string>> entries)
    {
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in entries)
        {
            sorted[key] = value;
        }
        return sorted.Count == 0 ? Empty : new ValueMap([.. sorted]);
    }

    public int Count => _entries.Length;

    public IEnumerable<string> Keys => _entries.Select(e => e.Key);

    public IEnumerable<string> Values => _entries.Select(e => e.Value);

    public string this[string key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"No entry '{key}'.");

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
    {
        foreach (var entry in _entries)
        {
            if (string.Equals(entry.Key, key, StringComparison.Ordinal))
            {
                value = entry.Value;
                return true;
            }
        }
        value = null;
        return false;
    }

    /// <summary>A map with the entry set.</summary>
    public ValueMap With(string key, string value) => From(_entries.Append(new(key, value)));

    /// <summary>A map without the entry.</summary>
    public ValueMap Without(string key) => From(_entries.Where(e => e.Key != key));

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() =>
        ((IEnumerable<KeyValuePair<string, string>>)_entries).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public static bool operator ==(ValueMap? left, ValueMap? right) => Equals(left, right);

    public static bool operator !=(ValueMap? left, ValueMap? right) => !Equals(left, right);

    public bool Equals(ValueMap? other) =>
        other is not null && (ReferenceEquals(this, other) || _entries.AsSpan().SequenceEqual(other._entries));

    public override bool Equals(object? obj) => Equals(obj as ValueMap);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var entry in _entries)
        {
            hash.Add(entry.Key, StringComparer.Ordinal);
            hash.Add(entry.Value, StringComparer.Ordinal);
        }
        return hash.ToHashCode();
    }

    public override string ToString() => "{" + string.Join(", ", _entries.Select(e => $"{e.Key}={e.Value}")) + "}";
}
