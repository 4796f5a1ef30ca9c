using Swarm.Core.Errors;
using Swarm.Wire.Limits;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent.Journal;

/// <summary>The agent's memory of its tasks: one append-only journal, which a thread of its own writes in batches. A task never waits for
/// it.</summary>
/// <remarks>It survives a kill of swarmd, but for the last milliseconds, and is not synced to disk. After a crash of the machine, or damage, a
/// manager's complete set contains everything again. Of a task that changes faster than the disk writes, only the latest status is
/// written.</remarks>
internal sealed class TaskStore : IDisposable
{
    /// <summary>A file that is larger, and twice as large as its content, is written anew.</summary>
    private const long SmallestCompaction = 4 * 1024 * 1024;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>The time for the last batch when the agent ends. A disk that hangs must not keep swarmd.</summary>
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, KeptTask> _tasks = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly ManualResetEventSlim _work = new();
    private readonly ManualResetEventSlim _closing = new();
    private readonly JournalFile _file;
    private readonly JournalSpecs _specs = new();
    private readonly EarlierTaskFiles _earlier;
    private readonly ILogger _logger;
    private Thread? _writer;
    private bool _loaded;
    private bool _closed;

    // Of the writer.
    private bool _rewrite;
    private bool _failing;
    private bool _earlierFilesGone;
    private long _compactAt = SmallestCompaction;

    public TaskStore(string stateDirectory, ILogger logger)
    {
        var directory = Directory.CreateDirectory(Path.Combine(stateDirectory, "tasks")).FullName;
        _file = new JournalFile(Path.Combine(directory, "journal"));
        _earlier = new EarlierTaskFiles(directory, logger);
        _logger = logger;
    }

    /// <summary>The tasks of the last agent, in the order of their ids. The journal is read at the first call.</summary>
    public IReadOnlyList<(V1.TaskAssignment Assignment, TaskStatus Status)> Load(DateTimeOffset now)
    {
        lock (_gate)
        {
            if (!_loaded)
            {
                _loaded = true;
                ReadJournal(now);
                foreach (var (assignment, status) in _earlier.Read(now))
                {
                    // The journal is newer, where both know a task: it took the files over and could not delete them.
                    _tasks.TryAdd(assignment.TaskId, new KeptTask(assignment, BoundedStatus.Of(status)));
                    _rewrite = true;
                }
                if (_rewrite)
                {
                    Wake();
                }
            }
            return [.. _tasks.OrderBy(static t => t.Key, StringComparer.Ordinal).Select(static t => (t.Value.Assignment, t.Value.Status))];
        }
    }

    /// <summary>Keeps a task, without its registry credential. A journal that cannot be written (a full disk) is no fault of the task. The
    /// manager knows its state, and a restarted agent goes on from the earlier one.</summary>
    /// <param name="assignment">With its spec. It must not change any more.</param>
    /// <param name="status">The task's latest.</param>
    public void Save(V1.TaskAssignment assignment, TaskStatus status)
    {
        lock (_gate)
        {
            if (_tasks.TryGetValue(assignment.TaskId, out var kept))
            {
                (kept.Assignment, kept.Status) = (assignment, status);
            }
            else
            {
                _tasks[assignment.TaskId] = new KeptTask(assignment, status);
            }
            _changed.Add(assignment.TaskId);
            Wake();
        }
    }

    public void Delete(string taskId)
    {
        lock (_gate)
        {
            if (_tasks.Remove(taskId))
            {
                _changed.Add(taskId);
                Wake();
            }
        }
    }

    /// <summary>Ids become names of directories in an executor.</summary>
    public static bool IsTaskId(string taskId) => taskId.Length is > 0 and <= 64 && taskId.All(char.IsAsciiLetterOrDigit);

    /// <summary>Writes the last batch and closes the file.</summary>
    public void Dispose()
    {
        Thread? writer;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }
            _closed = true;
            _closing.Set();
            _work.Set();
            writer = _writer;
        }
        if (writer?.Join(ClosingTime) ?? true)
        {
            _file.Dispose();
            _work.Dispose();
            _closing.Dispose();
        }
    }

    private void Wake()
    {
        if (_closed)
        {
            return;
        }
        _work.Set();
        if (_writer is null)
        {
            _writer = new Thread(Write) { IsBackground = true, Name = "tasks' journal" };
            _writer.Start();
        }
    }

    private void ReadJournal(DateTimeOffset now)
    {
        byte[] bytes;
        try
        {
            bytes = _file.ReadAll();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.JournalIgnored(_file.FullPath, e.Message);
            _rewrite = true;
            return;
        }
        var records = JournalFormat.Read(bytes, out var damaged);
        var specs = new Dictionary<ulong, V1.ServiceSpec>();
        foreach (var record in records)
        {
            switch (record.RecordCase)
            {
                case V1.JournalRecord.RecordOneofCase.Spec:
                    specs[record.Spec.Id] = record.Spec.Spec ?? new V1.ServiceSpec();
                    _specs.Know(record.Spec.Id);
                    break;
                case V1.JournalRecord.RecordOneofCase.Task:
                    Take(record.Task, specs, now);
                    break;
                case V1.JournalRecord.RecordOneofCase.Removed:
                    _tasks.Remove(record.Removed);
                    break;
                default:
                    break;
            }
        }
        if (damaged > 0)
        {
            _rewrite = true;
            _logger.JournalDamaged(_file.FullPath, damaged);
        }
    }

    private void Take(V1.JournalTask record, Dictionary<ulong, V1.ServiceSpec> specs, DateTimeOffset now)
    {
        if (record.Status is null || !IsTaskId(record.TaskId))
        {
            return;
        }
        try
        {
            var status = BoundedStatus.Of(ProtocolMapping.FromWire(record.Status, now));
            if (record.Assignment is { } assignment)
            {
                if (record.SpecId != 0 && !specs.TryGetValue(record.SpecId, out var spec))
                {
                    // The record of the spec is damaged. The manager's complete set brings the task again.
                    _tasks.Remove(record.TaskId);
                    return;
                }
                assignment.Spec = record.SpecId == 0 ? null : specs[record.SpecId];
                _specs.Know(assignment, record.SpecId);
                _tasks[record.TaskId] = new KeptTask(assignment, status) { Written = assignment };
            }
            else if (_tasks.TryGetValue(record.TaskId, out var kept))
            {
                kept.Status = status;
            }
        }
        catch (SwarmException e)
        {
            _logger.JournalIgnored(_file.FullPath, e.Message);
        }
    }

    private void Write()
    {
        while (true)
        {
            _work.Wait();
            // In this order: work that comes after the reset sets it again.
            _work.Reset();
            var last = _closing.IsSet;
            if (!TryWrite())
            {
                // Not written: everything that changes until the next attempt comes with it.
                _closing.Wait(RetryDelay);
                _work.Set();
            }
            if (last)
            {
                return;
            }
        }
    }

    private bool TryWrite()
    {
        try
        {
            if (_rewrite || _file.Length > _compactAt)
            {
                Rewrite();
            }
            else
            {
                Append();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_failing)
            {
                _failing = true;
                _logger.JournalNotWritten(_file.FullPath, e.Message);
            }
            return false;
        }
        if (_failing)
        {
            _failing = false;
            _logger.JournalWritten(_file.FullPath);
        }
        return true;
    }

    private void Append()
    {
        List<(string TaskId, KeptTask? Kept, V1.TaskAssignment? Assignment, TaskStatus? Status)> batch;
        lock (_gate)
        {
            batch = new(_changed.Count);
            foreach (var taskId in _changed)
            {
                var kept = _tasks.GetValueOrDefault(taskId);
                batch.Add((taskId, kept, ReferenceEquals(kept?.Assignment, kept?.Written) ? null : kept!.Assignment, kept?.Status));
            }
            _changed.Clear();
        }
        if (batch.Count == 0)
        {
            return;
        }
        using var bytes = new MemoryStream();
        foreach (var (taskId, _, assignment, status) in batch)
        {
            if (status is null)
            {
                JournalFormat.Write(bytes, new V1.JournalRecord { Removed = taskId });
            }
            else
            {
                WriteTask(bytes, taskId, assignment, status);
            }
        }
        try
        {
            _file.Append(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
        }
        catch
        {
            lock (_gate)
            {
                _changed.UnionWith(batch.Select(static b => b.TaskId));
            }
            // The numbers of specs that were not written are given again.
            _specs.Clear();
            throw;
        }
        lock (_gate)
        {
            foreach (var (_, kept, assignment, _) in batch)
            {
                if (kept is not null && assignment is not null)
                {
                    kept.Written = assignment;
                }
            }
        }
    }

    private void Rewrite()
    {
        List<(KeptTask Kept, V1.TaskAssignment Assignment, TaskStatus Status)> all;
        HashSet<string> changed;
        lock (_gate)
        {
            all = [.. _tasks.Values.Select(static t => (t, t.Assignment, t.Status))];
            changed = [.. _changed];
            _changed.Clear();
        }
        _specs.Clear();
        using var bytes = new MemoryStream();
        foreach (var (_, assignment, status) in all)
        {
            WriteTask(bytes, assignment.TaskId, assignment, status);
        }
        try
        {
            _file.Replace(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
        }
        catch
        {
            lock (_gate)
            {
                _changed.UnionWith(changed);
            }
            _specs.Clear();
            throw;
        }
        _rewrite = false;
        _compactAt = Math.Max(SmallestCompaction, 2 * _file.Length);
        lock (_gate)
        {
            foreach (var (kept, assignment, _) in all)
            {
                kept.Written = assignment;
            }
        }
        if (!_earlierFilesGone)
        {
            _earlier.Delete();
            _earlierFilesGone = true;
        }
    }

    private void WriteTask(MemoryStream bytes, string taskId, V1.TaskAssignment? assignment, TaskStatus status)
    {
        var task = new V1.JournalTask { TaskId = taskId, Status = ProtocolMapping.ToWire(status) };
        if (assignment is not null)
        {
            task.SpecId = _specs.IdOf(assignment, out var isNew);
            if (isNew)
            {
                JournalFormat.Write(
                    bytes,
                    new V1.JournalRecord
                    {
                        Spec = new V1.JournalSpec { Id = task.SpecId, Spec = assignment.Spec },
                    }
                );
            }
            task.Assignment = Bare(assignment);
        }
        JournalFormat.Write(bytes, new V1.JournalRecord { Task = task });
    }

    /// <summary>The assignment without its spec, which is a record of its own, and without the credential, which is never written.</summary>
    private static V1.TaskAssignment Bare(V1.TaskAssignment assignment)
    {
        var bare = assignment.Clone();
        (bare.Spec, bare.RegistryCredential) = (null, null);
        return bare;
    }
}
