using Swarm.Core.Errors;
using V1 = Swarm.Protocol.V1;

namespace Swarm.DockerSwarm.Specs;

/// <summary>Docker's specs name networks by id, users by name.</summary>
internal sealed class NetworkNames(IReadOnlyDictionary<string, string> nameById)
{
    /// <exception cref="SwarmException">NetworkNotFound, AmbiguousSelector.</exception>
    public void ToIds(V1.ServiceSpec? spec)
    {
        for (var i = 0; i < (spec?.Networks.Count ?? 0); i++)
        {
            spec!.Networks[i] = IdOf(spec.Networks[i]);
        }
    }

    public void ToNames(V1.ServiceSpec? spec)
    {
        for (var i = 0; i < (spec?.Networks.Count ?? 0); i++)
        {
            spec!.Networks[i] = nameById.GetValueOrDefault(spec.Networks[i], spec.Networks[i]);
        }
    }

    /// <summary>Replaces ids in a line such as <c>Networks: (none) -> id</c>.</summary>
    public string InText(string line) =>
        line.StartsWith("Networks: ", StringComparison.Ordinal)
            ? nameById.Aggregate(line, static (text, n) => text.Replace(n.Key, n.Value, StringComparison.Ordinal))
            : line;

    public bool Contains(string id) => nameById.ContainsKey(id);

    /// <returns>Null: no network has this id.</returns>
    public string? NameOf(string id) => nameById.GetValueOrDefault(id);

    /// <summary>The id of a network by id, name or id prefix, in this order, as everywhere.</summary>
    /// <exception cref="SwarmException">NetworkNotFound, AmbiguousSelector.</exception>
    public string IdOf(string selector)
    {
        if (nameById.ContainsKey(selector))
        {
            return selector;
        }
        var found = nameById.Where(n => n.Value == selector).Select(static n => n.Key).ToList();
        if (found.Count == 0 && selector.Length > 0)
        {
            found = [.. nameById.Keys.Where(id => id.StartsWith(selector, StringComparison.Ordinal))];
        }
        return found switch
        {
            [var one] => one,
            [] => throw new SwarmException(
                SwarmErrorKind.NotFound,
                "NetworkNotFound",
                $"network {selector} not found",
                selector,
                "Get-SwarmNetwork lists the networks."
            ),
            _ => throw new SwarmException(
                SwarmErrorKind.InvalidArgument,
                "AmbiguousSelector",
                $"network {selector} is ambiguous: {string.Join(", ", found.Order(StringComparer.Ordinal))}",
                selector,
                "Give the whole id."
            ),
        };
    }
}
