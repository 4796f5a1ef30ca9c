using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Agent.Journal;
using Swarm.Core.Model;
using Swarm.Daemon.Tests.Executors;
using Swarm.Daemon.Tests.Storage;
using TaskStatus = Swarm.Core.Model.TaskStatus;
using V1 = Swarm.Protocol.V1;

namespace Swarm.Daemon.Tests.Agent;

/// <summary>The agent's journal: what was saved is there after a restart, whatever has happened to the file.</summary>
public sealed class TaskStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory = new();

    private string Journal => Path.Combine(_directory.Path, "tasks", "journal");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_latest_status_of_each_task_is_kept_and_removed_tasks_are_gone()
    {
        var (one, two, three) = (Assignment("s1"), Assignment("s1"), Assignment("s2"));
        Write(store =>
        {
            store.Save(one, Status(TaskState.Accepted));
            store.Save(two, Status(TaskState.Preparing));
            store.Save(three, Status(TaskState.Running));
            store.Save(one, Status(TaskState.Failed, "task: non-zero exit (3)"));
            store.Delete(two.TaskId);
        });
        AssertKept((one, Status(TaskState.Failed, "task: non-zero exit (3)")), (three, Status(TaskState.Running)));

        // And what a later agent adds to it.
        var stop = three.Clone();
        stop.DesiredState = V1.TaskState.Shutdown;
        Write(store =>
        {
            store.Save(stop, Status(TaskState.Shutdown));
            store.Delete(one.TaskId);
        });
        AssertKept((stop, Status(TaskState.Shutdown)));
    }

    [Fact]
    public void A_credential_is_not_written()
    {
        var task = Assignment("s1");
        task.RegistryCredential = new V1.RegistryCredential { Username = "user", Password = "secret-password" };
        Write(store => store.Save(task, Status(TaskState.Accepted)));
        Assert.DoesNotContain("secret-password", File.ReadAllText(Journal), StringComparison.Ordinal);
        Assert.Null(Assert.Single(Load()).Assignment.RegistryCredential);
    }

    [Fact]
    public void A_spec_is_written_once_for_all_tasks_of_its_revision_and_again_when_it_is_another()
    {
        var spec = Spec("s1", 50_000);
        V1.TaskAssignment[] tasks = [.. Enumerable.Range(0, 100).Select(_ => Assignment("s1", spec))];
        Write(store =>
        {
            foreach (var task in tasks)
            {
                store.Save(task, Status(TaskState.Running));
            }
        });
        Assert.InRange(new FileInfo(Journal).Length, 50_000, 100_000);
        // The same revision with other labels.
        var other = tasks[0].Clone();
        (other.Spec.Labels["a"], other.DesiredState) = ("b", V1.TaskState.Shutdown);
        Write(store => store.Save(other, Status(TaskState.Shutdown)));
        var loaded = Load().ToDictionary(static t => t.Assignment.TaskId, static t => t.Assignment.Spec);
        Assert.Equal(other.Spec, loaded[other.TaskId]);
        Assert.All(tasks.Skip(1), t => Assert.Same(loaded[tasks[1].TaskId], loaded[t.TaskId]));
        Assert.Equal(spec, loaded[tasks[1].TaskId]);
    }

    /// <summary>A kill while the last record is written: of every length that it may have got.</summary>
    [Fact]
    public void A_record_that_was_not_written_to_its_end_costs_nothing_but_itself()
    {
        var (one, two) = (Assignment("s1"), Assignment("s1"));
        Write(store => store.Save(one, Status(TaskState.Running)));
        var before = File.ReadAllBytes(Journal);
        Write(store => store.Save(two, Status(TaskState.Running)));
        var after = File.ReadAllBytes(Journal);
        Assert.Equal(before, after[..before.Length]);
        for (var length = before.Length; length < after.Length; length++)
        {
            File.WriteAllBytes(Journal, after[..length]);
            AssertKept((one, Status(TaskState.Running)));
            // Later records are not lost behind it.
            File.WriteAllBytes(Journal, after[..length]);
            Write(store => store.Save(two, Status(TaskState.Failed)));
            AssertKept((one, Status(TaskState.Running)), (two, Status(TaskState.Failed)));
        }
    }

    [Fact]
    public void A_changed_byte_costs_its_own_record_only()
    {
        V1.TaskAssignment[] tasks = [.. Enumerable.Range(0, 4).Select(i => Assignment("s" + i))];
        foreach (var task in tasks)
        {
            Write(store => store.Save(task, Status(TaskState.Running)));
        }
        var whole = File.ReadAllBytes(Journal);
        for (var at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x55;
            File.WriteAllBytes(Journal, damaged);
            Assert.Equal(3, Load().Select(static t => t.Assignment.TaskId).Intersect(tasks.Select(static t => t.TaskId)).Count());
        }
    }

    [Fact]
    public void A_journal_does_not_grow_with_the_number_of_changes()
    {
        V1.TaskAssignment[] tasks = [.. Enumerable.Range(0, 20).Select(_ => Assignment("s1"))];
        var error = new string('x', 4000);
        // About 16 MB in all, a batch at a time, since a batch holds only the latest status of each task.
        for (var round = 0; round < 200; round++)
        {
            Write(store =>
            {
                foreach (var task in tasks)
                {
                    store.Save(task, Status(TaskState.Running, error));
                }
            });
            Assert.InRange(new FileInfo(Journal).Length, 1, 5 * 1024 * 1024);
        }
        AssertKept([.. tasks.Select(t => (t, Status(TaskState.Running, error)))]);
    }

    [Fact]
    public void Earlier_files_are_taken_over_once()
    {
        var task = Assignment("s1");
        var files = Directory.CreateDirectory(_directory.Combine("tasks")).FullName;
        var path = Path.Combine(files, task.TaskId + ".task");
        Earlier(path, V1.TaskState.Running);
        File.WriteAllText(path + ".tmp", "an interrupted write");
        AssertKept((task, Status(TaskState.Running)));
        Assert.Equal([Journal], Directory.GetFiles(files));

        // A file that could not be deleted is older than the journal.
        Earlier(path, V1.TaskState.Preparing);
        AssertKept((task, Status(TaskState.Running)));
        Assert.Equal([Journal], Directory.GetFiles(files));

        void Earlier(string file, V1.TaskState state)
        {
            using var stream = File.Create(file);
            Google.Protobuf.MessageExtensions.WriteDelimitedTo(task, stream);
            Google.Protobuf.MessageExtensions.WriteDelimitedTo(
                new V1.TaskStatus { State = state, Timestamp = Timestamp.FromDateTimeOffset(Now) },
                stream
            );
        }
    }

    private void Write(Action<TaskStore> change)
    {
        using var store = new TaskStore(_directory.Path, NullLogger.Instance);
        _ = store.Load(Now);
        change(store);
    }

    private IReadOnlyList<(V1.TaskAssignment Assignment, TaskStatus Status)> Load()
    {
        using var store = new TaskStore(_directory.Path, NullLogger.Instance);
        return store.Load(Now);
    }

    private void AssertKept(params (V1.TaskAssignment Assignment, TaskStatus Status)[] expected) =>
        Assert.Equal(expected.OrderBy(static t => t.Assignment.TaskId, StringComparer.Ordinal), Load());

    private static TaskStatus Status(TaskState state, string error = "") =>
        new()
        {
            State = state,
            Timestamp = Now,
            Error = error,
        };

    private static V1.ServiceSpec Spec(string name, int bytes = 10) =>
        new()
        {
            Name = name,
            Container = new V1.ContainerSpec { Image = "alpine", Env = { "A=" + new string('x', bytes) } },
            Replicated = new V1.ReplicatedMode { Replicas = 1 },
        };

    private static V1.TaskAssignment Assignment(string serviceId, V1.ServiceSpec? spec = null)
    {
        var id = TaskDefinitions.NewId();
        return new V1.TaskAssignment
        {
            TaskId = id,
            ServiceId = serviceId,
            ServiceName = serviceId,
            Slot = 1,
            Revision = 1,
            DesiredState = V1.TaskState.Running,
            State = V1.TaskState.Assigned,
            Spec = spec ?? Spec(serviceId),
            ContainerName = $"{serviceId}.1.{id}",
        };
    }
}
