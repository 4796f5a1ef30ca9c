namespace Swarm.Daemon.Endpoints.Admission;

/// <summary>The calls that one caller may make at the same time, over all its connections, and the bytes of their messages.</summary>
/// <param name="most">Calls.</param>
/// <param name="mostBytes">Bytes of messages that were received and whose calls go on.</param>
internal sealed class CallBudget(int most, long mostBytes)
{
    private int _calls;
    private long _bytes;

    public int Most => most;

    public long MostBytes => mostBytes;

    /// <summary>Bytes that calls hold now.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

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

    /// <summary>False: the caller's calls hold as much as they may. True: <see cref="Give"/> must follow.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= mostBytes)
        {
            return true;
        }
        Give(bytes);
        return false;
    }

    public void Give(long bytes) => Interlocked.Add(ref _bytes, -bytes);
}
