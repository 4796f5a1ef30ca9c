using Swarm.Core.Model;

namespace Swarm.Core.Allocation;

/// <summary>The order in which a <see cref="NumberPool"/> gives its free numbers. It is replicated, so that a new leader uses none earlier than the
/// leader before would have.</summary>
/// <param name="Fresh">Nobody has had the numbers from here on, but for those that were taken out of turn.</param>
/// <param name="Returned">The numbers that were given back, the first one first.</param>
public sealed record NumberPoolOrder(int Fresh, ValueList<int> Returned)
{
    public static NumberPoolOrder New { get; } = new(0, []);
}
