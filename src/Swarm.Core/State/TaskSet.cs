using System.Diagnostics.CodeAnalysis;
using Swarm.Core.Model;

namespace Swarm.Core.State;

/// <summary>A set of tasks by id. It is one reference while it holds one task, an array up to sixteen, and a hash table beyond.</summary>
/// <remarks>Most services of a large swarm have few tasks; most nodes have tens. A caller that knows the replaced record passes it: it is
/// found by
/// reference, without reading the other records, which are scattered over the heap. A mutable struct: keep it in a field and never copy
/// it.</remarks>
internal struct TaskSet
{
    private const int ArrayLimit = 16;

    // null, SwarmTask, SwarmTask?[] (filled from the front) or Dictionary<string, SwarmTask>.
    private object? _content;
    private int _count;

    public readonly int Count => _count;

    /// <summary>The tasks. A large set returns a view, so do not enumerate it while the set changes.</summary>
    public readonly IReadOnlyCollection<SwarmTask> Tasks =>
        _content switch
        {
            null => [],
            SwarmTask single => [single],
            SwarmTask?[] array => array[.._count]!,
            _ => ((Dictionary<string, SwarmTask>)_content).Values,
        };

    public readonly SwarmTask[] ToArray() =>
        _content switch
        {
            null => [],
            SwarmTask single => [single],
            SwarmTask?[] array => array[.._count] as SwarmTask[],
            _ => [.. ((Dictionary<string, SwarmTask>)_content).Values],
        };

    /// <summary>Replaces a task's record by its new one.</summary>
    /// <param name="before">Null: the task is not in the set.</param>
    /// <param name="after">The task as it is now.</param>
    public void Put(SwarmTask? before, SwarmTask after)
    {
        if (_content is not SwarmTask?[] array)
        {
            Set(after);
        }
        else if (before is null)
        {
            Append(array, after);
        }
        else if (IndexOf(array, before) is >= 0 and var at)
        {
            array[at] = after;
        }
        else
        {
            SetInArray(array, after);
        }
    }

    /// <summary>Adds the task, or replaces the record with its id.</summary>
    /// <returns>True when the set did not hold it before.</returns>
    public bool Set(SwarmTask task)
    {
        switch (_content)
        {
            case null:
                _content = task;
                _count = 1;
                return true;
            case SwarmTask single when single.Id == task.Id:
                _content = task;
                return false;
            case SwarmTask single:
                _content = new SwarmTask?[] { single, task };
                _count = 2;
                return true;
            case SwarmTask?[] array:
                return SetInArray(array, task);
            default:
                var table = (Dictionary<string, SwarmTask>)_content;
                table[task.Id] = task;
                var added = table.Count > _count;
                _count = table.Count;
                return added;
        }
    }

    /// <returns>True when the set held it.</returns>
    public bool Remove(SwarmTask task) =>
        _content is SwarmTask?[] array && IndexOf(array, task) is >= 0 and var at ? RemoveAt(array, at) : Remove(task.Id);

    /// <returns>True when the set held it.</returns>
    public bool Remove(string id)
    {
        switch (_content)
        {
            case null:
                return false;
            case SwarmTask single:
                if (single.Id != id)
                {
                    return false;
                }
                _content = null;
                _count = 0;
                return true;
            case SwarmTask?[] array:
                return RemoveFromArray(array, id);
            default:
                return RemoveFromTable((Dictionary<string, SwarmTask>)_content, id);
        }
    }

    public readonly bool TryGet(string id, [NotNullWhen(true)] out SwarmTask? task)
    {
        switch (_content)
        {
            case SwarmTask single when single.Id == id:
                task = single;
                return true;
            case SwarmTask?[] array:
                var at = IndexOf(array, id);
                task = at < 0 ? null : array[at];
                return at >= 0;
            case Dictionary<string, SwarmTask> table:
                return table.TryGetValue(id, out task);
            default:
                task = null;
                return false;
        }
    }

    private bool SetInArray(SwarmTask?[] array, SwarmTask task)
    {
        var at = IndexOf(array, task.Id);
        if (at >= 0)
        {
            array[at] = task;
            return false;
        }
        Append(array, task);
        return true;
    }

    private void Append(SwarmTask?[] array, SwarmTask task)
    {
        if (_count < array.Length)
        {
            array[_count++] = task;
            return;
        }
        if (_count < ArrayLimit)
        {
            Array.Resize(ref array, _count * 2);
            array[_count++] = task;
            _content = array;
            return;
        }
        var table = new Dictionary<string, SwarmTask>(ArrayLimit * 2, StringComparer.Ordinal);
        foreach (var existing in array)
        {
            table[existing!.Id] = existing;
        }
        table[task.Id] = task;
        _content = table;
        _count = table.Count;
    }

    private bool RemoveFromArray(SwarmTask?[] array, string id)
    {
        var at = IndexOf(array, id);
        return at >= 0 && RemoveAt(array, at);
    }

    private bool RemoveAt(SwarmTask?[] array, int at)
    {
        _count--;
        if (_count == 1)
        {
            _content = array[1 - at];
            return true;
        }
        Array.Copy(array, at + 1, array, at, _count - at);
        array[_count] = null;
        return true;
    }

    private bool RemoveFromTable(Dictionary<string, SwarmTask> table, string id)
    {
        if (!table.Remove(id))
        {
            return false;
        }
        _count = table.Count;
        // Half the limit, so that a set at the limit does not alternate between its forms.
        if (_count <= ArrayLimit / 2)
        {
            var array = new SwarmTask?[ArrayLimit];
            table.Values.CopyTo(array!, 0);
            _content = array;
        }
        return true;
    }

    private readonly int IndexOf(SwarmTask?[] array, SwarmTask task)
    {
        for (var i = 0; i < _count; i++)
        {
            if (ReferenceEquals(array[i], task))
            {
                return i;
            }
        }
        return -1;
    }

    private readonly int IndexOf(SwarmTask?[] array, string id)
    {
        for (var i = 0; i < _count; i++)
        {
            if (array[i]!.Id == id)
            {
                return i;
            }
        }
        return -1;
    }
}
