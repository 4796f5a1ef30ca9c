namespace Swarm.Agent.Executors.Docker;

/// <summary>Limits the number of calls to an engine at the same time. Waiting starts come before waiting creations, each in order of
/// arrival.</summary>
/// <remarks>Creating a container keeps the disk busy, starting one the processors. With a single queue, a hundred new tasks would first all
/// be created and then all be started. With two, an engine does both all the time.</remarks>
internal sealed class EngineSlots(int count)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource> _starts = new();
    private readonly LinkedList<TaskCompletionSource> _creations = new();
    private int _free = count;

    /// <summary>Waits for a slot to start a container; <see cref="Leave"/> returns it.</summary>
    public Task EnterStartAsync(CancellationToken cancellation) => EnterAsync(_starts, cancellation);

    /// <summary>Waits for a slot to create a container; <see cref="Leave"/> returns it.</summary>
    public Task EnterCreationAsync(CancellationToken cancellation) => EnterAsync(_creations, cancellation);

    public void Leave()
    {
        TaskCompletionSource next;
        lock (_gate)
        {
            var queue = _starts.Count > 0 ? _starts : _creations;
            if (queue.First is not { } first)
            {
                _free++;
                return;
            }
            queue.RemoveFirst();
            next = first.Value;
        }
        next.SetResult();
    }

    private async Task EnterAsync(LinkedList<TaskCompletionSource> queue, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource> place;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return;
            }
            place = queue.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        await using var registration = cancellation.Register(() =>
        {
            lock (_gate)
            {
                if (place.List is null)
                {
                    // Its turn has come in the meantime: the waiter has the slot, and returns it.
                    return;
                }
                queue.Remove(place);
            }
            place.Value.SetCanceled(cancellation);
        });
        await place.Value.Task;
    }
}
