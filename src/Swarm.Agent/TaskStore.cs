using Google.Protobuf;
using Swarm.Core.Errors;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent;

/// <summary>The agent's files of its tasks. Each file holds the assignment and the status as two delimited messages, and is replaced
/// atomically.</summary>
/// <remarks>It survives a kill of swarmd. It is not synced to disk: after a crash of the machine the tasks are gone too, and a manager's
/// complete set contains everything again.</remarks>
internal sealed class TaskStore
{
    private readonly string _directory;
    private readonly ILogger _logger;

    public TaskStore(string stateDirectory, ILogger logger)
    {
        _directory = Directory.CreateDirectory(Path.Combine(stateDirectory, "tasks")).FullName;
        _logger = logger;
    }

    public IEnumerable<(V1.TaskAssignment Assignment, TaskStatus Status)> Load(DateTimeOffset now)
    {
        foreach (var path in Directory.GetFiles(_directory, "*.task").Order(StringComparer.Ordinal))
        {
            (V1.TaskAssignment, TaskStatus)? loaded = null;
            try
            {
                using var file = File.OpenRead(path);
                var assignment = V1.TaskAssignment.Parser.ParseDelimitedFrom(file);
                var status = V1.TaskStatus.Parser.ParseDelimitedFrom(file);
                if (assignment.TaskId == Path.GetFileNameWithoutExtension(path))
                {
                    loaded = (assignment, ProtocolMapping.FromWire(status, now));
                }
            }
            catch (Exception e) when (e is InvalidProtocolBufferException or IOException or SwarmException)
            {
                _logger.TaskFileIgnored(path, e.Message);
            }
            if (loaded is { } found)
            {
                yield return found;
            }
        }
    }

    /// <summary>Saves a task without its registry credential. A file that cannot be written (a full disk) is no fault of the task. The
    /// manager knows its state, and a restarted agent goes on from the earlier file.</summary>
    public void Save(V1.TaskAssignment assignment, TaskStatus status)
    {
        var kept = assignment;
        if (assignment.RegistryCredential is not null)
        {
            kept = assignment.Clone();
            kept.RegistryCredential = null;
        }
        var path = PathOf(assignment.TaskId);
        try
        {
            using (var file = File.Create(path + ".tmp"))
            {
                kept.WriteDelimitedTo(file);
                ProtocolMapping.ToWire(status).WriteDelimitedTo(file);
            }
            File.Move(path + ".tmp", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.TaskNotKept(assignment.TaskId, e.Message);
        }
    }

    public void Delete(string taskId) => File.Delete(PathOf(taskId));

    /// <summary>Ids become names of files here, and of directories in an executor.</summary>
    public static bool IsTaskId(string taskId) => taskId.Length is > 0 and <= 64 && taskId.All(char.IsAsciiLetterOrDigit);

    private string PathOf(string taskId) =>
        IsTaskId(taskId)
            ? Path.Combine(_directory, taskId + ".task")
            : throw new ArgumentException($"'{taskId}' is not a task id.", nameof(taskId));
}
