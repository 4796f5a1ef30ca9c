using System.Runtime.CompilerServices;

namespace Swarm.Cmdlets.Mapping;

/// <summary>Output objects as they were when they were read. A property that a user changed later is told from a change that somebody else made in the swarm.</summary>
internal static class ReadObjects
{
    private static readonly ConditionalWeakTable<object, Func<object>> Origins = [];

    /// <summary>Remembers an object as long as somebody holds it.</summary>
    /// <param name="shown">The object that the user gets.</param>
    /// <param name="read">Makes the object again as it was read.</param>
    public static T Remember<T>(T shown, Func<T> read)
        where T : class
    {
        Origins.Add(shown, read);
        return shown;
    }

    /// <summary>The object as it was read; null: it comes from another session, or from a file.</summary>
    public static object? Find(object shown) => Origins.TryGetValue(shown, out var read) ? read() : null;
}
