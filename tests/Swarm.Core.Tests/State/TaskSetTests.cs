using System.Globalization;
using Swarm.Core.Model;
using Swarm.Core.State;

namespace Swarm.Core.Tests.State;

public sealed class TaskSetTests
{
    [Fact]
    public void Behaves_as_a_dictionary_through_all_its_forms()
    {
        for (var seed = 1; seed <= 50; seed++)
        {
            var random = new Random(seed);
            var set = new TaskSet();
            var model = new Dictionary<string, SwarmTask>(StringComparer.Ordinal);
            for (var step = 0; step < 400; step++)
            {
                // Grows for a while, then shrinks: the forms change both ways.
                var id = random.Next(40).ToString(CultureInfo.InvariantCulture);
                if (random.Next(100) < (step / 100 % 2 == 0 ? 70 : 30))
                {
                    var task = Task(id, (uint)step);
                    var before = model.GetValueOrDefault(id);
                    if (random.Next(2) == 0)
                    {
                        Assert.Equal(before is null, set.Set(task));
                    }
                    else
                    {
                        set.Put(before, task);
                    }
                    model[id] = task;
                }
                else
                {
                    var isThere = model.Remove(id, out var before);
                    Assert.Equal(isThere, random.Next(2) == 0 && before is not null ? set.Remove(before) : set.Remove(id));
                }
                Assert.Equal(model.Count, set.Count);
                Assert.Equal(model.Count, set.Tasks.Count);
                Assert.True(model.Values.ToHashSet().SetEquals(set.Tasks), $"Seed {seed}, step {step}.");
                Assert.Equal(set.Tasks, set.ToArray());
                Assert.Equal(model.TryGetValue(id, out var expected), set.TryGet(id, out var actual));
                Assert.Same(expected, actual);
            }
        }
    }

    [Fact]
    public void A_small_set_that_was_read_does_not_change()
    {
        var set = new TaskSet();
        set.Set(Task("a", 1));
        set.Set(Task("b", 1));
        var read = set.Tasks;
        set.Set(Task("a", 2));
        set.Remove("b");
        Assert.Equal([Task("a", 1), Task("b", 1)], read);
    }

    private static SwarmTask Task(string id, uint slot) =>
        new()
        {
            Id = id,
            ServiceId = "s",
            Revision = 1,
            Slot = slot,
            DesiredState = TaskState.Running,
            Status = Status,
            CreatedAt = default,
        };

    private static readonly TaskStatus Status = new() { State = TaskState.New, Timestamp = default };
}
