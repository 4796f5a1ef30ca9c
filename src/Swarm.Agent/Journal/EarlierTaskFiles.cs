using Google.Protobuf;
using Swarm.Core.Errors;
using Swarm.Wire.Mapping;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Agent.Journal;

/// <summary>The files of swarmd before the journal: one a task, with the assignment and the status as two delimited messages. They are read
/// once, and deleted when the journal holds their tasks.</summary>
internal sealed class EarlierTaskFiles(string directory, ILogger logger)
{
    private const string Pattern = "*.task";

    public IEnumerable<(V1.TaskAssignment Assignment, TaskStatus Status)> Read(DateTimeOffset now)
    {
        foreach (var path in Directory.GetFiles(directory, Pattern).Order(StringComparer.Ordinal))
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
                logger.TaskFileIgnored(path, e.Message);
            }
            if (loaded is { } found)
            {
                yield return found;
            }
        }
    }

    /// <summary>Deletes them, and what an interrupted write has left.</summary>
    /// <exception cref="IOException">A file could not be deleted.</exception>
    public void Delete()
    {
        foreach (var path in Directory.GetFiles(directory, Pattern).Concat(Directory.GetFiles(directory, Pattern + ".tmp")))
        {
            File.Delete(path);
        }
    }
}
