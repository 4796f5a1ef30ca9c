using System.Security.Cryptography;
using Swarm.Core.Identity;

namespace Swarm.Security.Certificates;

/// <summary>Ids of nodes and swarms, from the system's secure random source.</summary>
public static class NodeIds
{
    private static readonly IdSource Source = new(static bytes => RandomNumberGenerator.Fill(bytes));

    public static string Next() => Source.Next();
}
