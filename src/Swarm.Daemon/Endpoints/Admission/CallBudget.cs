namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>The calls that one caller may make at the same time, over all its connections.</summary>
/// <param name="most">Calls.</param>
internal sealed class CallBudget(int most)
{
    private int _calls;

    public int Most => most;

    /// <summary>False: the caller has as many calls as it may. True: <see cref="Leave"/> must follow.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _calls) <= most)
        {
            return true;
        }
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _calls);
}
