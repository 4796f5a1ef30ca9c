using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Core.Model;

namespace Swarm.Daemon.Tests.DockerSwarm;

/// <summary>Why an update of Docker's was paused or rolled back. The engine names the task until the rollback has completed, and never says
/// why it failed.</summary>
public sealed class MirrorFailuresTests : MirrorTest
{
    private const string Cause = "No such image: redis:bad";
    private const string RolledBack = "update rolled back due to failure or early termination of task bad1";

    [Fact]
    public void It_is_known_from_the_pause_and_from_the_rollback_and_stays_when_that_is_done()
    {
        Look(Service(12, "good"), Task("old1", 13, "good", "running"));
        Look(Service(21, "bad", "updating", "update in progress", previous: "good"), Task("old1", 13, "good", "running"));
        Expect(UpdateState.Updating, null);
        Look(
            Service(31, "good", "rollback_started", RolledBack),
            Task("old1", 13, "good", "shutdown"),
            Task("bad1", 30, "bad", "rejected", Cause)
        );
        Expect(UpdateState.RollbackStarted, new UpdateFailure("bad1", Cause));
        // The history is short: the task is deleted.
        Look(Service(41, "good", "rollback_completed", "rollback completed", completed: true), Task("new1", 40, "good", "running"));
        Expect(UpdateState.RollbackCompleted, new UpdateFailure("bad1", Cause));
        // A write of ours, of labels say, reads the service alone.
        Sync.AbsorbWritten("services", [Service(45, "good", "rollback_completed", "rollback completed", completed: true)]);
        Expect(UpdateState.RollbackCompleted, new UpdateFailure("bad1", Cause));
        Look(Service(51, "good", "updating", "update in progress", started: "2026-11-24T11:00:00Z"), Task("new1", 40, "good", "running"));
        Expect(UpdateState.Updating, null);
    }

    [Fact]
    public void A_pause_names_the_cause()
    {
        Look(Service(12, "good"), Task("old1", 13, "good", "running"));
        Look(
            Service(31, "bad", "paused", "update paused due to failure or early termination of task bad1", previous: "good"),
            Task("bad1", 30, "bad", "failed", "task: non-zero exit (1)")
        );
        Expect(UpdateState.Paused, new UpdateFailure("bad1", "task: non-zero exit (1)"));
    }

    /// <summary>Tasks are read before services. A wait for the service must not end without the cause.</summary>
    [Fact]
    public void A_pause_that_is_read_before_the_end_of_its_task_is_shown_by_the_next_look()
    {
        Look(Service(12, "good"), Task("old1", 13, "good", "running"));
        var paused = Service(31, "bad", "paused", "update paused due to failure or early termination of task bad1", previous: "good");
        Look(paused.DeepClone().AsObject(), Task("bad1", 28, "bad", "preparing"));
        Expect(UpdateState.Updating, null);
        Look(paused.DeepClone().AsObject(), Task("bad1", 30, "bad", "rejected", Cause));
        Expect(UpdateState.Paused, new UpdateFailure("bad1", Cause));
    }

    [Fact]
    public void A_task_that_never_ends_holds_the_pause_for_one_look()
    {
        Look(Service(12, "good"), Task("old1", 13, "good", "running"));
        var paused = Service(31, "bad", "paused", "update paused due to failure or early termination of task bad1", previous: "good");
        Look(paused.DeepClone().AsObject(), Task("bad1", 28, "bad", "preparing"));
        Look(paused.DeepClone().AsObject(), Task("bad1", 28, "bad", "preparing"));
        Expect(UpdateState.Paused, new UpdateFailure("bad1", ""));
    }

    /// <summary>swarmd was started later: only the engine's tasks tell what happened.</summary>
    [Fact]
    public void A_rollback_that_was_over_before_the_first_look_is_known_by_its_tasks()
    {
        Look(
            Service(41, "good", "rollback_completed", "rollback completed", completed: true),
            Task("old1", 13, "good", "failed", "of another time", created: "2026-11-24T09:00:00Z"),
            Task("bad1", 30, "bad", "rejected", Cause, created: "2026-11-24T10:50:01Z"),
            Task("new1", 40, "good", "running", created: "2026-11-24T10:50:09Z")
        );
        Expect(UpdateState.RollbackCompleted, new UpdateFailure("bad1", Cause));
    }

    /// <summary>It begins after the last failure of the tasks that it replaces.</summary>
    [Fact]
    public void A_rollback_that_a_user_asked_for_has_no_failure()
    {
        Look(
            Service(41, "good", "rollback_completed", "rollback completed", completed: true),
            Task("bad1", 30, "bad", "failed", "task: non-zero exit (1)", created: "2026-11-24T10:49:59Z"),
            Task("new1", 40, "good", "running", created: "2026-11-24T10:50:09Z")
        );
        Expect(UpdateState.RollbackCompleted, null);
        Look(
            Service(51, "good", "rollback_started", "manually requested rollback", started: "2026-11-24T12:00:00Z"),
            Task("new1", 40, "good", "running", created: "2026-11-24T10:50:09Z")
        );
        Expect(UpdateState.RollbackStarted, null);
    }

    private void Expect(UpdateState state, UpdateFailure? failure)
    {
        var status = Store.Read(static s => s.FindService("s1")!.UpdateStatus);
        Assert.NotNull(status);
        Assert.Equal((state, failure), (status.State, status.Failure));
    }

    private void Look(JsonObject service, params string[] taskTexts)
    {
        using var tasks = JsonDocument.Parse($"[{string.Join(',', taskTexts)}]");
        var node = JsonNode.Parse(FakeEngine.Node)!.AsObject();
        node["ID"] = "n1";
        Sync.Absorb(JsonNode.Parse("""{"ID":"c1","Version":{"Index":10},"Spec":{}}""")!.AsObject(), [node], [service], tasks.RootElement);
    }

    private static JsonObject Service(
        int version,
        string image,
        string state = "",
        string message = "",
        string started = "2026-11-24T10:50:00Z",
        bool completed = false,
        string previous = ""
    )
    {
        static string Spec(string image) =>
            $$$"""{"Name":"web","TaskTemplate":{"ContainerSpec":{"Image":"{{{image}}}"}},"Mode":{"Replicated":{"Replicas":1} } }""";
        var service = JsonNode
            .Parse(
                $$$"""{"ID":"s1","Version":{"Index":{{{version}}}},"CreatedAt":"2026-11-24T08:00:00Z","UpdatedAt":"2026-11-24T10:50:00Z"}"""
            )!
            .AsObject();
        service["Spec"] = JsonNode.Parse(Spec(image));
        if (previous.Length > 0)
        {
            service["PreviousSpec"] = JsonNode.Parse(Spec(previous));
        }
        if (state.Length > 0)
        {
            service["UpdateStatus"] = new JsonObject
            {
                ["State"] = state,
                ["StartedAt"] = started,
                ["Message"] = message,
            };
        }
        if (completed)
        {
            service["UpdateStatus"]!["CompletedAt"] = "2026-11-24T10:51:00Z";
        }
        return service;
    }

    private static string Task(
        string id,
        int version,
        string image,
        string state,
        string error = "",
        string created = "2026-11-24T10:50:01Z"
    ) =>
        $$$"""
            {"ID":"{{{id}}}","Version":{"Index":{{{version}}}},"CreatedAt":"{{{created}}}","ServiceID":"s1","Slot":1,"NodeID":"n1",
            "Spec":{"ContainerSpec":{"Image":"{{{image}}}"}},"Status":{"Timestamp":"2026-11-24T10:50:05Z","State":"{{{state}}}","Err":"{{{error}}}"},
            "DesiredState":"{{{(state == "running" ? "running" : "shutdown")}}}"}
            """;
}
