namespace Swarm.DataPlane.UserSpace;

/// <summary>The backends of a published port, taken in turn. A table replaces them; connections that are there keep theirs.</summary>
internal sealed class BackendSet
{
    private volatile Backend[] _backends = [];
    private uint _turn = (uint)Random.Shared.Next();

    /// <summary>The backends that take connections now.</summary>
    public IReadOnlyList<Backend> Now => _backends;

    public void Replace(IEnumerable<Backend> backends) => _backends = [.. backends];

    /// <summary>Takes the task out, until the next table.</summary>
    public void Withdraw(string taskId)
    {
        var now = _backends;
        if (Array.Exists(now, backend => backend.TaskId == taskId))
        {
            _backends = Array.FindAll(now, backend => backend.TaskId != taskId);
        }
    }

    /// <summary>All backends in the order in which to try them: the one whose turn it is comes first.</summary>
    public Backend[] InTurn()
    {
        var now = _backends;
        if (now.Length < 2)
        {
            return now;
        }
        var first = (int)(Interlocked.Increment(ref _turn) % (uint)now.Length);
        return [.. now.AsSpan(first), .. now.AsSpan(0, first)];
    }
}
