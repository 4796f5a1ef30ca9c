using Swarm.Core.Errors;
using Swarm.Core.Identity;
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
        var networks = new NamedObjects<string>("network", nameById.Keys, static id => id, id => nameById[id])
        {
            ById = id => nameById.ContainsKey(id) ? id : null,
        };
        return networks.FindOne(selector)
            ?? throw new SwarmException(
                SwarmErrorKind.NotFound,
                "NetworkNotFound",
                $"network {selector} not found",
                selector,
                "Get-SwarmNetwork lists the networks."
            );
    }
}
