using System.Globalization;
using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>Gives nodes their names. A name belongs to its node until the node is removed, also while the node is Down. Another node of the
/// same host name gets a suffix, so that <c>node.hostname==w1</c> means one machine for good.</summary>
public static class NodeNames
{
    /// <summary>Characters of a name. Source: RFC 1035, 253 for a host name in text.</summary>
    public const int Longest = 253;

    /// <summary>The names of one node that others cannot have: the present one and former ones. With more, a node that changes its host
    /// name again and again would take the names of nodes that have not joined yet.</summary>
    public const int MostOfNode = 4;

    /// <summary>The name for a node that joins.</summary>
    /// <param name="state">The applied state.</param>
    /// <param name="hostname">The host name that it reports; empty: it has not reported one.</param>
    /// <returns>The host name, or the host name with the first suffix from <c>-2</c> on that is free; empty for an empty host name.</returns>
    public static string Claim(ClusterState state, string hostname) => Claim(state, null, hostname);

    /// <summary>The name of a node that reports this host name now.</summary>
    /// <returns>Null: it keeps the name that it has. So does a node that has had <see cref="MostOfNode"/> names.</returns>
    public static string? Rename(ClusterState state, Node node, string hostname)
    {
        if (hostname.Length == 0 || (hostname == node.Description.Hostname && node.GivenName.Length > 0))
        {
            return null;
        }
        var name = Claim(state, node, hostname);
        if (Same(name, node.GivenName))
        {
            return null;
        }
        return IsFull(node) && !node.FormerNames.Any(f => Same(f, name)) ? null : name;
    }

    /// <summary>The node with another name. Its former one stays reserved.</summary>
    public static Node With(Node node, string name)
    {
        var former = node.GivenName.Length == 0 ? node.FormerNames : [.. node.FormerNames, node.GivenName];
        return node with { GivenName = name, FormerNames = former.Where(f => !Same(f, name)).ToValueList() };
    }

    /// <summary>The words for a person about the node's name; null when it is the node's host name.</summary>
    public static string? Notice(Node node)
    {
        if (node.GivenName.Length == 0 || Same(node.GivenName, node.Description.Hostname))
        {
            return null;
        }
        return IsFull(node)
            ? $"its host name is {node.Description.Hostname} now, and it keeps the name {node.Name}: it has changed its name too often"
            : $"its host name {node.Description.Hostname} is the name of another node, so its name is {node.Name}";
    }

    private static bool IsFull(Node node) => node.FormerNames.Count >= MostOfNode - 1;

    private static string Claim(ClusterState state, Node? claimant, string hostname)
    {
        if (hostname.Length == 0)
        {
            return "";
        }
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var other in state.Nodes.Where(n => n.Id != claimant?.Id))
        {
            // An id is a name too: commands take either.
            taken.Add(other.Id);
            // Nodes of an earlier version's state may share a host name: it belongs to the oldest.
            if (other.GivenName.Length > 0 || claimant is not { GivenName.Length: 0 } || IsOlder(other, claimant))
            {
                taken.Add(other.Name);
            }
            taken.UnionWith(other.FormerNames);
        }
        for (var number = 1; ; number++)
        {
            var suffix = number == 1 ? "" : "-" + number.ToString(CultureInfo.InvariantCulture);
            var name = Cut(hostname, Longest - suffix.Length) + suffix;
            if (!taken.Contains(name))
            {
                return name;
            }
        }
    }

    private static bool IsOlder(Node a, Node b) =>
        a.CreatedAt != b.CreatedAt ? a.CreatedAt < b.CreatedAt : string.CompareOrdinal(a.Id, b.Id) < 0;

    /// <summary>As constraints compare.</summary>
    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static string Cut(string text, int length) =>
        text.Length <= length ? text
        : char.IsHighSurrogate(text[length - 1]) ? text[..(length - 1)]
        : text[..length];
}
