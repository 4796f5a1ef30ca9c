namespace Swarm.Wire.Limits;

/// <summary>Times of an agent's session that both of its ends must agree on.</summary>
public static class SessionTiming
{
    /// <summary>The longest pause of an agent between two attempts to reach a manager, however long none answers. A manager that comes back
    /// gives its nodes little more time than that. In a swarm of many nodes the period of a heartbeat replaces it.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
}
